/// What one HTTP request is called in every log it leaves a line in: the client's own `X-Request-Id`, or one that the web
/// tier made. Restricted to what can stand in a header, a log line and JSON without being escaped.
package struct RequestID: Sendable, Hashable {
  package static let byteCountMax = 128

  package let description: String

  /// - Parameter description: 1 to ``byteCountMax`` of `[A-Za-z0-9._-]`; anything else is no id.
  package init?(_ description: String) {
    guard (1...RequestID.byteCountMax).contains(description.utf8.count) else { return nil }
    for byte in description.utf8 where !RequestID.isAllowed(byte) { return nil }
    self.description = description
  }

  /// An id of 13 characters, which Swift keeps without an allocation: the 64 bits in base 32, five to a character.
  package init(bits: UInt64) {
    description = String(unsafeUninitializedCapacity: 13) { text in
      for index in 0..<13 {
        let digit = UInt8(truncatingIfNeeded: bits >> UInt64(60 - 5 * index)) & 31
        text[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      }
      return 13
    }
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension RequestID: LosslessStringConvertible {}

extension KeyedDecodingContainer {
  /// An id that is none is as good as none: it must not cost an image or an answer.
  func decodeRequestID(forKey key: Key) -> RequestID? {
    ((try? decodeIfPresent(String.self, forKey: key)) ?? nil).flatMap { RequestID($0) }
  }
}
