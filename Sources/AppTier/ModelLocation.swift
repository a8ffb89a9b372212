/// Where the model is when nobody says.
package enum ModelLocation {
  private static let relativePath = "models/efficientnet-lite0/model.xml"

  /// The places that are looked at, in order: the user's cache, where `deploy/bootstrap` puts it; beside the binary, where
  /// a release has it.
  package static func candidates(environment: [String: String], executablePath: String) -> [String] {
    var places: [String] = []
    // XDG Base Directory Specification: a relative path is to be ignored, an empty one is none.
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
      places.append("\(cache)/saccade/\(relativePath)")
    } else if let home = environment["HOME"], !home.isEmpty {
      places.append("\(home)/.cache/saccade/\(relativePath)")
    }
    let directory = executablePath.lastIndex(of: "/").map { executablePath[..<$0] } ?? "."
    places.append("\(directory)/../share/saccade/\(relativePath)")
    return places
  }
}
