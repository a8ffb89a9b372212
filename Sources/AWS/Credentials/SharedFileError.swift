/// What is wrong with a shared config or credentials file. Never quotes a value: it may be a secret.
package enum SharedFileError: Error, Sendable, Hashable, CustomStringConvertible {
  case unreadable(path: String, String)
  /// Line numbers begin with 1.
  case malformed(path: String, line: Int, String)
  case noSuchProfile(String)

  package var description: String {
    switch self {
    case .unreadable(let path, let why): "\(path): \(why)"
    case .malformed(let path, let line, let why): "\(path):\(line): \(why)"
    case .noSuchProfile(let name): "the profile \"\(name)\" is in neither of the shared files"
    }
  }
}
