import ArgumentParser

@main
struct Saccade: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saccade",
    abstract: "An elastic image-recognition service: upload an image, get its label.",
    subcommands: [
      UpCommand.self, StatusCommand.self, WebCommand.self, CloudCommand.self, KeyCommand.self, PlanCommand.self,
    ])
}
