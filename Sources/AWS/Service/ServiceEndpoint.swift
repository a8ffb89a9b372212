/// Where a service answers: scheme, authority, and a path in front of everything (mostly none).
package struct ServiceEndpoint: Sendable, Hashable {
  /// `http` or `https`.
  package let scheme: String
  /// `s3.eu-west-1.amazonaws.com`, `127.0.0.1:9000`; as it goes into the Host header, so without the scheme's own port.
  package let authority: String
  /// Empty, or "/prefix" without a slash at its end.
  package let path: String

  /// - Throws: `invalidArgument` for what is not `http(s)://host[:port][/path]`.
  package init(_ url: String) throws(AWSError) {
    let invalid = AWSError.invalidArgument("endpoint \"\(url)\": expected http(s)://host[:port][/path]")
    guard let separator = url.firstRange(of: "://") else { throw invalid }
    let scheme = url[..<separator.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else { throw invalid }
    let rest = url[separator.upperBound...]
    var authority = rest.prefix { $0 != "/" }.lowercased()
    var path = String(rest.dropFirst(authority.count))
    let isPlain = { (text: String) in
      text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"?#@\\\"<>".utf8.contains($0) }
    }
    guard !authority.isEmpty, isPlain(authority), isPlain(path) else { throw invalid }
    let ownPort = scheme == "http" ? ":80" : ":443"
    if authority.hasSuffix(ownPort) { authority.removeLast(ownPort.count) }
    while path.hasSuffix("/") { path.removeLast() }
    self.scheme = scheme
    self.authority = authority
    self.path = path
  }

  private init(scheme: String, authority: String, path: String) {
    self.scheme = scheme
    self.authority = authority
    self.path = path
  }

  /// The same endpoint with a bucket's name in front of its host.
  func prefixed(by label: String) -> ServiceEndpoint {
    ServiceEndpoint(scheme: scheme, authority: label + "." + authority, path: path)
  }

  package var url: String { scheme + "://" + authority + path }
}
