/// What programs of one machine that trust each other present (RFC 6750 §2.1): other users reach a loopback port, too.
package struct BearerToken: Sendable, Equatable {
  package let text: String

  /// - Parameter text: Visible ASCII characters.
  package init(_ text: String) { self.text = text }

  /// 256 random bits, in hexadecimal digits.
  package static func random() -> BearerToken {
    var generator = SystemRandomNumberGenerator()
    let digits = (0..<64).map { _ in String(UInt8.random(in: 0..<16, using: &generator), radix: 16) }
    return BearerToken(digits.joined())
  }

  /// What a request's `Authorization` field is to hold.
  package var authorization: String { "Bearer " + text }

  /// - Returns: A refusal; `nil` when the request presents the token.
  package func refusal(of head: HTTPRequestHead) -> HTTPResponse? {
    if isPresented(as: head.headers["authorization"] ?? "") { return nil }
    var refusal = Problem(.unauthorized, code: "token-missing", detail: "This is for who has the token.").response
    // RFC 9110 §15.5.2
    refusal.headers.add("WWW-Authenticate", "Bearer")
    return refusal
  }

  /// How long it takes tells nothing but the length, which is no secret.
  private func isPresented(as field: String) -> Bool {
    let expected = authorization.utf8
    guard field.utf8.count == expected.count else { return false }
    return zip(field.utf8, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
