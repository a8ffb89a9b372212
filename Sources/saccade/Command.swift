import ArgumentParser

/// Saccade's command line.
@main
struct Saccade: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saccade", abstract: "Elastic image recognition.", subcommands: [CloudCommand.self])
}
