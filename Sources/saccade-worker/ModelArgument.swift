import ArgumentParser
import Jobs

/// `path`, or `name=path`. What stands before the first equals sign is a path's when it cannot be a name: `./a=b.xml`.
struct ModelArgument: ExpressibleByArgument {
  /// nil for the one that the model's description has.
  let name: ModelName?
  let path: String

  init(name: ModelName?, path: String) {
    self.name = name
    self.path = path
  }

  init?(argument: String) {
    let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = sides.count == 2 ? ModelName(String(sides[0])) : nil
    self.init(name: name, path: name == nil ? argument : String(sides[1]))
    guard !path.isEmpty else { return nil }
  }

  var defaultValueDescription: String { path }
}
