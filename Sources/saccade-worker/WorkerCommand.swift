import ArgumentParser
import EventLoop

// The command line of the app tier: `run`, the daemon; `classify`, the same recognition on files; `evaluate`, which
// tells how often a model is right; and `decode`, which they start for themselves.
// It promises to read arguments and environment, to set up logging and signals, and to exit as the shell expects.
// Everything else is in AppTier and Recognition.

@main struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saccade-worker",
    abstract: "Classifies the images that wait in the request queue.",
    discussion: """
      Example:
        saccade-worker classify coffee.png
      """,
    subcommands: [
      RunCommand.self, ClassifyCommand.self, EvaluateCommand.self, BenchmarkCommand.self, DecodeCommand.self,
    ],
    defaultSubcommand: RunCommand.self)

  static func main() {
    // Before anything that takes time: the supervisor may die meanwhile.
    endWithSupervisor()
    keepFreedMemory()
    main(nil)
  }
}
