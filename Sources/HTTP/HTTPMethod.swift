/// A request method (RFC 9110 §9). Case-sensitive.
package struct HTTPMethod: RawRepresentable, Sendable, Hashable {
  package let rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }

  package static let get = HTTPMethod(rawValue: "GET")
  package static let head = HTTPMethod(rawValue: "HEAD")
  package static let post = HTTPMethod(rawValue: "POST")
  package static let put = HTTPMethod(rawValue: "PUT")
  package static let delete = HTTPMethod(rawValue: "DELETE")
  package static let options = HTTPMethod(rawValue: "OPTIONS")
  package static let patch = HTTPMethod(rawValue: "PATCH")
  package static let trace = HTTPMethod(rawValue: "TRACE")
  package static let connect = HTTPMethod(rawValue: "CONNECT")
}

extension HTTPMethod: CustomStringConvertible {
  package var description: String { rawValue }
}
