import ArgumentParser

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
    ])
}
