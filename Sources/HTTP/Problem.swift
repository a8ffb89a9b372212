import FoundationEssentials

/// An error as the client sees it: `application/problem+json` (RFC 9457).
package struct Problem: Error, Sendable, Hashable {
  /// The value of an extension member (§3.2).
  package enum Member: Sendable, Hashable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
  }

  package var status: HTTPStatus
  /// A URI that names the kind of problem; `about:blank` says that the status says it all (§4.2.1).
  package var type: String
  package var title: String
  package var detail: String?
  /// A short stable name for programs, written as the extension member `code`.
  package var code: String?
  /// Further members; the five names above cannot be overridden.
  package var members: [String: Member]
  /// Seconds, written as the `Retry-After` field (RFC 9110 §10.2.3).
  package var retryAfter: Int?
  /// Methods, written as the `Allow` field that a 405 must have (RFC 9110 §15.5.6).
  package var allow: [HTTPMethod]

  /// `title` is the reason phrase unless given.
  package init(
    _ status: HTTPStatus, code: String? = nil, title: String? = nil, detail: String? = nil,
    type: String = "about:blank", members: [String: Member] = [:], retryAfter: Int? = nil, allow: [HTTPMethod] = []
  ) {
    self.status = status
    self.type = type
    self.title = title ?? status.reasonPhrase
    self.detail = detail
    self.code = code
    self.members = members
    self.retryAfter = retryAfter
    self.allow = allow
  }

  /// What a body that did not arrive means to its client.
  package init(_ error: RequestBodyError) {
    switch error {
    case .tooLarge: self.init(.contentTooLarge, code: "body-too-large", detail: "The request body is too large.")
    case .disconnected:
      self.init(.badRequest, code: "body-incomplete", detail: "The connection ended before the request body did.")
    case .timedOut: self.init(.requestTimeout, code: "body-too-slow", detail: "The request body came too slowly.")
    case .malformed:
      self.init(.badRequest, code: "malformed-body", detail: "The chunked framing of the request body is not valid.")
    case .rejected: self.init(.badRequest, code: "body-rejected", detail: "The request body is not acceptable.")
    }
  }

  /// The response that says it.
  package var response: HTTPResponse {
    var headers: HTTPHeaders = ["Content-Type": "application/problem+json"]
    if let retryAfter { headers.add("Retry-After", String(retryAfter)) }
    if !allow.isEmpty { headers.add("Allow", allow.map(\.rawValue).joined(separator: ", ")) }
    var response = HTTPResponse(status: status, headers: headers, body: json)
    response.problemCode = code
    return response
  }

  private var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings, integers and booleans cannot fail to encode; an empty object is still a valid problem (§3.1).
    return (try? encoder.encode(self)).map(Array.init) ?? Array("{}".utf8)
  }
}

extension Problem: Encodable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  package func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    for (name, member) in members {
      switch member {
      case .string(let value): try object.encode(value, forKey: Key(name))
      case .integer(let value): try object.encode(value, forKey: Key(name))
      case .boolean(let value): try object.encode(value, forKey: Key(name))
      }
    }
    try object.encode(type, forKey: Key("type"))
    try object.encode(title, forKey: Key("title"))
    try object.encode(status.rawValue, forKey: Key("status"))
    try object.encodeIfPresent(detail, forKey: Key("detail"))
    try object.encodeIfPresent(code, forKey: Key("code"))
  }
}
