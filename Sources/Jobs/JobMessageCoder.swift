import FoundationEssentials
import Glibc

/// Why a message is not a job or an answer, or cannot be made one.
package enum JobMessageError: Error, Sendable, Hashable {
  case tooLarge(byteCountMax: Int)
  case malformed(String)
  /// From a newer release, or not ours at all.
  case unsupportedVersion(Int)
  /// A number in it is not finite.
  case unencodable
}

extension JobMessageError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLarge(let max): "The message is larger than \(max) bytes."
    case .malformed(let detail): "The message is malformed: \(detail)."
    case .unsupportedVersion(let version): "The message has format version \(version), which is not supported."
    case .unencodable: "The message cannot be written as JSON: a number in it is not finite."
    }
  }
}

/// JSON in and out, bounded, and fit for SQS.
package enum JobMessageCoder {
  /// Ten of them fit into one `SendMessageBatch` of 256 KiB; one with the longest names allowed fits into it.
  package static let byteCountMax = 16 * 1024

  private static let encoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }()
  private static let decoder = JSONDecoder()

  static func encode(_ message: some Encodable) throws(JobMessageError) -> [UInt8] {
    do { return try checked(Array(try encoder.encode(message))) } catch let error as JobMessageError {
      throw error
    } catch {
      throw .unencodable
    }
  }

  /// JSON as it may be sent: fit for SQS, and within ``byteCountMax``.
  static func checked(_ json: [UInt8]) throws(JobMessageError) -> [UInt8] {
    var bytes = json
    replaceNoncharacters(in: &bytes)
    guard bytes.count <= byteCountMax else { throw .tooLarge(byteCountMax: byteCountMax) }
    return bytes
  }

  static func decode<Message: Decodable>(
    _ type: Message.Type, from body: some Collection<UInt8>
  ) throws(JobMessageError) -> Message {
    guard body.count <= byteCountMax else { throw .tooLarge(byteCountMax: byteCountMax) }
    do {
      return try decoder.decode(type, from: Data(body))
    } catch let error as JobMessageError {
      throw error
    } catch let error as DecodingError {
      throw .malformed(error.shortDescription)
    } catch {
      throw .malformed("it is not JSON")
    }
  }

  /// SQS refuses a message with U+FFFE or U+FFFF in it, and with it whoever named a file so (SendMessage, "Request
  /// Parameters"). Control characters are already escaped by JSON.
  private static func replaceNoncharacters(in bytes: inout [UInt8]) {
    var start = 0
    while let lead = firstLead(in: bytes, from: start) {
      // Three bytes lead by 0xef are always complete: the encoder writes UTF-8.
      if bytes[lead + 1] == 0xbf, bytes[lead + 2] >= 0xbe { bytes[lead + 2] = 0xbd }
      start = lead + 3
    }
  }

  private static func firstLead(in bytes: [UInt8], from start: Int) -> Int? {
    bytes.withUnsafeBytes { bytes in
      guard start < bytes.count, let base = bytes.baseAddress,
        let found = memchr(base + start, 0xef, bytes.count - start)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }
}

extension KeyedDecodingContainer {
  func checkVersion(_ version: Int, forKey key: Key) throws {
    let found = try decode(Int.self, forKey: key)
    guard found == version else { throw JobMessageError.unsupportedVersion(found) }
  }
}

extension DecodingError {
  fileprivate var shortDescription: String {
    func path(_ context: Context, _ last: (any CodingKey)? = nil) -> String {
      (context.codingPath + [last].compactMap { $0 }).map(\.stringValue).joined(separator: ".")
    }
    return switch self {
    case .keyNotFound(let key, let context): "\(path(context, key)) is missing"
    case .typeMismatch(_, let context): "\(path(context)) is of another type"
    case .valueNotFound(_, let context): "\(path(context)) is null"
    case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is not JSON"
    case .dataCorrupted(let context): "\(path(context)): \(context.debugDescription)"
    @unknown default: "it is not JSON"
    }
  }
}

extension String {
  /// As many whole characters as fit.
  func cut(toByteCount byteCountMax: Int) -> String {
    guard utf8.count > byteCountMax else { return self }
    var end = startIndex
    var byteCount = 0
    while end < endIndex {
      let next = index(after: end)
      byteCount += utf8.distance(from: end, to: next)
      if byteCount > byteCountMax { break }
      end = next
    }
    return String(self[..<end])
  }
}
