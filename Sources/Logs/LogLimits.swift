/// Every bound of a log line and of its way out.
package struct LogLimits: Sendable {
  /// PIPE_BUF of Linux: up to here a write into a pipe is atomic, and does not block once the pipe says that it is
  /// writable (pipe(7)).
  package static let lineByteCountMax = 4096
  /// How long the first line that finds its reader stuck waits. Those after it do not: they are counted and dropped.
  package static let writePatience: Duration = .milliseconds(100)
}
