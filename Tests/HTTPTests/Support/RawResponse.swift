import Foundation

/// A response as it was on the wire.
struct RawResponse {
  let status: Int
  let reason: String
  let headers: [(name: String, value: String)]
  var body: [UInt8] = []
  var chunks: [[UInt8]] = []

  init(head: String) throws {
    var lines = head.components(separatedBy: "\r\n")
    let words = lines.removeFirst().split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count == 3, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
      throw RawClient.Failure.malformed(head)
    }
    self.status = status
    reason = String(words[2])
    headers = try lines.filter { !$0.isEmpty }.map { line in
      guard let colon = line.range(of: ": ") else { throw RawClient.Failure.malformed(line) }
      return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
    }
  }

  static func headEnd(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (4...bytes.count).first { bytes[($0 - 4)..<$0].elementsEqual([13, 10, 13, 10]) }
  }

  subscript(name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }

  var text: String { String(decoding: body, as: UTF8.self) }

  var closes: Bool { self["connection"] == "close" }

  /// The members of a problem (RFC 9457).
  var problem: [String: Any] {
    get throws {
      guard self["content-type"] == "application/problem+json" else { throw RawClient.Failure.malformed(text) }
      return try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
    }
  }

  var code: String? { get throws { try problem["code"] as? String } }
}
