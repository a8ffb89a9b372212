import FoundationEssentials

/// How the documents for people's pages are written: RFC 3339 times, members in order.
enum AdminJSON {
  static func encode(_ document: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Our own numbers: a quotient of nothing is nil, and not NaN.
    guard let data = try? encoder.encode(document) else {
      preconditionFailure("texts, times and numbers can be encoded")
    }
    return Array(data)
  }

  /// - Returns: `nil` when it is no such document.
  static func decode<Document: Decodable>(_ type: Document.Type, from json: [UInt8]) -> Document? {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return try? decoder.decode(type, from: Data(json))
  }
}
