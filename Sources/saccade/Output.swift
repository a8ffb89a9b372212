import Glibc
import Logging

/// Writes a line to standard output at once, even into a pipe: supervisors and scripts wait for it.
func announce(_ line: String) {
  print(line)
  // All streams: naming one would name a mutable global.
  fflush(nil)
}

/// Logs go to standard error, so that standard output holds what scripts read.
func logToStandardError() {
  LoggingSystem.bootstrap { label in
    var handler = StreamLogHandler.standardError(label: label)
    handler.logLevel = .info
    return handler
  }
}
