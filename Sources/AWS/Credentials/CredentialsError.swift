/// Why there are no credentials to sign with.
package enum CredentialsError: Error, Sendable, Hashable {
  /// No source is configured; the names of those that were asked.
  case notFound(asked: [String])
  /// Half of what a source needs is there.
  case incomplete(source: String, missing: String)
  /// A source's setting makes no sense, or is one that must not be used (a container endpoint on a foreign host).
  case invalid(source: String, String)
  /// A file that cannot be read as what it should be.
  case file(SharedFileError)
  /// An endpoint did not answer, after the attempts it was worth.
  case unreachable(source: String, String)
  /// An endpoint answered, but not with credentials.
  case refused(source: String, status: Int, String)
  /// What an endpoint handed out has expired already.
  case expired(source: String)
}

extension CredentialsError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notFound(let asked): "no credentials found; asked: \(asked.joined(separator: ", "))"
    case .incomplete(let source, let missing): "\(source): \(missing) is missing"
    case .invalid(let source, let why): "\(source): \(why)"
    case .file(let error): error.description
    case .unreachable(let source, let why): "\(source) cannot be reached: \(why)"
    case .refused(let source, let status, let why): "\(source) answered \(status): \(why)"
    case .expired(let source): "\(source) handed out credentials that have expired; is this machine's clock right?"
    }
  }
}
