import HTTP

/// A path of the Open Inference Protocol, taken apart: what is asked for, and of which model.
enum InferencePath: Equatable {
  enum Aspect: Equatable {
    case metadata, readiness, inference
  }

  case server, live, ready
  /// Name and version as asked for, decoded; whether there can be such a model is the handler's to say.
  case model(name: String, version: String?, Aspect)

  private static let root = "/v2"

  /// Whether the protocol says how errors look there.
  static func covers(_ path: String) -> Bool { path == root || path.hasPrefix(root + "/") }

  /// - Returns: `nil` for any other path.
  init?(_ path: String) {
    guard InferencePath.covers(path) else { return nil }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2)
    switch (parts.first, parts.dropFirst().first) {
    case (nil, _): self = .server
    case ("health", "live") where parts.count == 2: self = .live
    case ("health", "ready") where parts.count == 2: self = .ready
    case ("models", let name?): self.init(name, rest: parts.dropFirst(2))
    default: return nil
    }
  }

  private init?(_ name: Substring, rest: ArraySlice<Substring>) {
    var rest = rest
    var version: Substring?
    if rest.first == "versions" {
      version = rest.dropFirst().first
      if version == nil { return nil }
      rest = rest.dropFirst(2)
    }
    let aspect: Aspect
    switch rest.first {
    case nil: aspect = .metadata
    case "ready" where rest.count == 1: aspect = .readiness
    case "infer" where rest.count == 1: aspect = .inference
    default: return nil
    }
    guard let name = PercentEncoding.decodeString(name) else { return nil }
    if let text = version {
      guard let version = PercentEncoding.decodeString(text) else { return nil }
      self = .model(name: name, version: version, aspect)
    } else {
      self = .model(name: name, version: nil, aspect)
    }
  }

  var isInference: Bool { if case .model(_, _, .inference) = self { true } else { false } }
}
