/// Where the model is when nobody says.
package enum ModelLocation {
  private static let relativePath = "models/efficientnet-lite0/model.xml"

  /// The places that are looked at, in order: the user's cache, where `deploy/bootstrap` puts it; beside the binary, where
  /// a release has it.
  package static func candidates(environment: [String: String], executablePath: String) -> [String] {
    var places: [String] = []
    if let cache = cache(environment) { places.append("\(cache)/\(relativePath)") }
    let directory = executablePath.lastIndex(of: "/").map { executablePath[..<$0] } ?? "."
    places.append("\(directory)/../share/saccade/\(relativePath)")
    return places
  }

  /// Where compiled models are kept; nil for a user without a home.
  package static func compiledModels(environment: [String: String]) -> String? {
    cache(environment).map { $0 + "/compiled" }
  }

  /// XDG Base Directory Specification: a relative path is to be ignored, an empty one is none.
  private static func cache(_ environment: [String: String]) -> String? {
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return cache + "/saccade" }
    if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.cache/saccade" }
    return nil
  }
}
