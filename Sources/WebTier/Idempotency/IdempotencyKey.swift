import AWS
import FoundationEssentials
import Jobs

/// What a client calls one request and its repetitions: the field `Idempotency-Key`
/// (draft-ietf-httpapi-idempotency-key-header-07 §2.1).
///
/// The ids of the request's images follow from the key, the model asked for and the day, so that every web process finds them in the buckets
/// and none needs to remember the key.
struct IdempotencyKey: Sendable, Hashable {
  private let digest: [UInt8]

  /// Takes a string of structured fields (RFC 9651 §3.3.3), or the key as it is: many clients leave the quotation marks
  /// out, and a UUID without them is no structured field.
  /// - Parameters:
  ///   - fields: The values of all fields of that name.
  ///   - client: Whose key it is: two clients that have chosen the same one do not get each other's answers.
  ///   - model: What the request asks for: its key with another model is another key.
  /// - Returns: `nil` when there is not one key of 1 to `byteCountMax` bytes.
  init?(_ fields: [String], of client: String, for model: ModelName? = nil, upTo byteCountMax: Int) {
    guard fields.count == 1, let key = Self.unquoted(Array(fields[0].utf8)), (1...byteCountMax).contains(key.count)
    else { return nil }
    // The length keeps one name's end from being another key's beginning.
    var text = Array("\(client.utf8.count):\(client)".utf8) + key
    // No key has a zero byte, so that none ends in a model's name.
    if let model { text += [0] + model.description.utf8 }
    digest = MessageDigest.sha256.hash(text)
  }

  /// The id of the image at that place in the request.
  func id(of place: Int, on day: Int) -> JobID { JobID(digest: digest, day: day, sibling: place) }

  /// What the keys of all the request's objects begin with.
  func prefix(on day: Int) -> String { id(of: 0, on: day).siblingPrefix }

  /// Days since 1970.
  static func day(of date: Date) -> Int { Int((date.timeIntervalSince1970 / 86_400).rounded(.down)) }

  private static func unquoted(_ text: [UInt8]) -> [UInt8]? {
    guard text.first == UInt8(ascii: "\"") else {
      return text.allSatisfy { (0x21...0x7E).contains($0) && !separators.contains($0) } ? text : nil
    }
    var key: [UInt8] = []
    var isEscaped = false
    for (index, byte) in text.enumerated().dropFirst() {
      guard (0x20...0x7E).contains(byte) else { return nil }
      if isEscaped {
        guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { return nil }
        key.append(byte)
        isEscaped = false
      } else if byte == UInt8(ascii: "\"") {
        return index == text.count - 1 ? key : nil
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else {
        key.append(byte)
      }
    }
    return nil
  }

  /// What would make a list of it, add parameters to it, or begin a quotation.
  private static let separators = Array("\",;\\".utf8)
}
