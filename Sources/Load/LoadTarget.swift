package import AWS
import Foundation

/// Where requests go: an `http` or `https` URL.
package struct LoadTarget: Sendable {
  package let origin: Origin
  /// Path and query, as in a request line.
  package let path: String
  package let text: String

  package struct Malformed: Error, CustomStringConvertible {
    package let description: String
  }

  /// - Parameter model: Which of the service's models is to classify; nil for the default.
  package init(_ text: String, model: String? = nil) throws(Malformed) {
    guard var components = URLComponents(string: text), let scheme = components.scheme?.lowercased(),
      scheme == "http" || scheme == "https", let host = components.host, !host.isEmpty
    else { throw Malformed(description: "'\(text)' is no URL such as http://127.0.0.1:8080/.") }
    guard components.user == nil, components.password == nil else {
      throw Malformed(description: "'\(text)' has a user: keys go by --api-key.")
    }
    if let model { components.queryItems = (components.queryItems ?? []) + [URLQueryItem(name: "model", value: model)] }
    let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    let authority = (bare.contains(":") ? "[\(bare)]" : bare) + (components.port.map { ":\($0)" } ?? "")
    let origin = Origin(scheme: scheme, authority: authority)
    guard origin.port != nil else { throw Malformed(description: "'\(text)' has a port that is none.") }
    self.origin = origin
    let path = components.percentEncodedPath.isEmpty ? "/" : components.percentEncodedPath
    self.path = path + (components.percentEncodedQuery.map { "?" + $0 } ?? "")
    self.text = text
  }

  /// The path of a place at this server, as `Location` says it: with or without the server's own name (RFC 9110 §10.2.2).
  func path(of location: String) -> String? {
    if location.hasPrefix("/"), !location.hasPrefix("//") { return location }
    let prefix = "\(origin.scheme)://\(origin.authority)/"
    return location.lowercased().hasPrefix(prefix.lowercased()) ? String(location.dropFirst(prefix.count - 1)) : nil
  }
}
