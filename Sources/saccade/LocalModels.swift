import Foundation
import Jobs

/// What the workers of this machine will call their models, without loading them.
enum LocalModels {
  /// The model that `deploy/bootstrap` installs, which workers take when they are given none.
  static let installedName = "efficientnet-lite0"

  private struct Description: Decodable {
    let name: String?
  }

  /// - Parameter arguments: Of workers' `--model`: `path`, or `name=path`. One without a name is called what the
  ///   `model.json` beside it says, else like its file.
  static func names(of arguments: [String]) -> [ModelName] {
    if arguments.isEmpty { return [ModelName(installedName)].compactMap { $0 } }
    return arguments.compactMap { argument in
      if let equals = argument.firstIndex(of: "="), let name = ModelName(String(argument[..<equals])) { return name }
      let file = URL(fileURLWithPath: argument)
      let description = try? Data(contentsOf: file.deletingLastPathComponent().appendingPathComponent("model.json"))
      let said = description.flatMap { try? JSONDecoder().decode(Description.self, from: $0) }?.name
      return ModelName(said ?? file.deletingPathExtension().lastPathComponent)
    }
  }
}
