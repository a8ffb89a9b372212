import ArgumentParser
import Foundation

@main
struct Saccade: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saccade",
    abstract: "An elastic image-recognition service: upload an image, get its label.",
    discussion: """
      Example:
        saccade up
        curl -F image=@coffee.png http://127.0.0.1:8080/
      """,
    subcommands: [
      UpCommand.self, StatusCommand.self, WebCommand.self, CloudCommand.self, KeyCommand.self, PlanCommand.self,
      LoadCommand.self,
    ])

  /// As the parser's own, but for the exit status of `load`: scripts tell "some failed" (1) from "never begun" (2), as they
  /// do with other workload generators and with grep(1).
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let isLoad = CommandLine.arguments.dropFirst().first == LoadCommand.configuration.commandName
      guard isLoad, exitCode(for: error) == .validationFailure else { exit(withError: error) }
      // What was found out after parsing does not know its command.
      let hint = "\n  See 'saccade load --help' for more information."
      let message = (error as? ValidationError).map { "Error: \($0.message)\(hint)" } ?? fullMessage(for: error)
      FileHandle.standardError.write(Data((message.hasSuffix("\n") ? message : message + "\n").utf8))
      Foundation.exit(2)
    }
  }
}
