import ArgumentParser
package import Logging

/// The options of every command that logs.
package struct LogOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How log lines look, on standard error.", valueName: "format"))
  package var logFormat = LogFormat.text

  @Option(
    help: ArgumentHelp(
      "How much to log: trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"),
    completion: .list(Logger.Level.allCases.map(\.rawValue)),
    transform: { text in
      guard let level = Logger.Level(rawValue: text) else { throw ValidationError("\"\(text)\" is no log level.") }
      return level
    })
  package var logLevel = Logger.Level.info

  package init() {}

  /// Sends what is logged to standard error, so that standard output holds what scripts read. Once in a process.
  package func bootstrap() {
    LoggingSystem.bootstrap { [logFormat, logLevel] label in
      LineLogHandler(label: label, level: logLevel, format: logFormat, output: .standardError)
    }
  }

  /// As a command line has them, to be handed on.
  package var arguments: [String] { ["--log-format", logFormat.rawValue, "--log-level", logLevel.rawValue] }
}
