import HTTP

/// A `Range` header of one range (RFC 9110 section 14.1.2).
enum ByteRange: Sendable, Hashable {
  case from(Int)
  case closed(Int, Int)
  case suffix(Int)

  /// Nil for other units, several ranges and nonsense: those are to be ignored, and the whole object sent.
  init?(_ text: String) {
    guard text.hasPrefix("bytes=") else { return nil }
    let sides = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard sides.count == 2 else { return nil }
    let first = ByteRange.number(sides[0])
    let last = ByteRange.number(sides[1])
    switch (sides[0].isEmpty, first, sides[1].isEmpty, last) {
    case (true, _, false, let count?): self = .suffix(count)
    case (false, let first?, true, _): self = .from(first)
    case (false, let first?, false, let last?) where first <= last: self = .closed(first, last)
    default: return nil
    }
  }

  /// The bytes it means of an object of that length.
  /// - Throws: `InvalidRange` when there are none.
  func resolve(_ byteCount: Int) throws(S3Error) -> Range<Int> {
    let range: Range<Int>
    switch self {
    case .from(let first): range = min(first, byteCount)..<byteCount
    case .closed(let first, let last): range = min(first, byteCount)..<min(last, byteCount - 1) + 1
    case .suffix(let count): range = byteCount - min(count, byteCount)..<byteCount
    }
    guard !range.isEmpty else {
      throw S3Error(
        .invalidRange, details: [("ActualObjectSize", String(byteCount))],
        headers: ["Content-Range": "bytes */\(byteCount)"])
    }
    return range
  }

  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    // More digits than an Int has mean "beyond the end".
    return Int(text) ?? .max
  }
}
