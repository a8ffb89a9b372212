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
}
