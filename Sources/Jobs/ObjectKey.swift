/// Where an image and its result are in their buckets: `<id>/<file name>`, and the same with `.json`.
///
/// The file name is a stranger's data: of it only `[A-Za-z0-9._-]` remain, at most 128 bytes, never a path.
package struct ObjectKey: Sendable, Hashable {
  package let id: JobID
  /// Sanitised.
  package let fileName: String

  package static let fileNameByteCountMax = 128
  /// An extension longer than this, with its dot, is none.
  package static let extensionByteCountMax = 17

  /// - Parameter fileName: as the client gave it.
  package init(id: JobID, fileName: String) {
    self.id = id
    self.fileName = Self.sanitised(fileName)
  }

  /// The result's key, in the output bucket.
  package var resultKey: String { description + Self.resultSuffix }

  /// Reads what ``resultKey`` gives.
  package init?(resultKey: String) {
    guard resultKey.hasSuffix(Self.resultSuffix) else { return nil }
    self.init(String(resultKey.dropLast(Self.resultSuffix.utf8.count)))
  }

  private static let resultSuffix = ".json"

  /// What all of a job's objects' keys begin with, for a listing by id.
  package static func prefix(of id: JobID) -> String { "\(id)/" }

  /// Keeps the last component of a path; each run of other characters in it becomes one `_`. A name that is too long
  /// keeps its extension, one that says nothing becomes `image`.
  private static func sanitised(_ name: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(name.utf8.count, fileNameByteCountMax))
    for byte in name.utf8 {
      if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") {
        bytes.removeAll(keepingCapacity: true)
      } else if byte.isFileNameCharacter {
        bytes.append(byte)
      } else if bytes.last != UInt8(ascii: "_") {
        bytes.append(UInt8(ascii: "_"))
      }
    }
    if bytes.count > fileNameByteCountMax {
      let dot = bytes.lastIndex(of: UInt8(ascii: ".")) ?? bytes.endIndex
      let ending = bytes[dot...].count <= extensionByteCountMax ? bytes[dot...] : []
      bytes = Array(bytes.prefix(fileNameByteCountMax - ending.count) + ending)
    }
    guard bytes.contains(where: { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "_") }) else { return "image" }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension ObjectKey: LosslessStringConvertible {
  package var description: String {
    let name = fileName.utf8.span
    return String(unsafeUninitializedCapacity: JobID.textByteCount + 1 + name.count) { text in
      id.write(to: text)
      text[JobID.textByteCount] = UInt8(ascii: "/")
      for index in name.indices { text[JobID.textByteCount + 1 + index] = name[index] }
      return JobID.textByteCount + 1 + name.count
    }
  }

  /// Strict: only what ``description`` gives.
  package init?(_ description: String) {
    let pieces = description.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    guard pieces.count == 2, let id = JobID(text: pieces[0]),
      (1...Self.fileNameByteCountMax).contains(pieces[1].count), pieces[1].allSatisfy(\.isFileNameCharacter),
      pieces[1].contains(where: { $0 != UInt8(ascii: ".") })
    else { return nil }
    self.id = id
    self.fileName = String(decoding: pieces[1], as: UTF8.self)
  }
}

extension ObjectKey: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let key = ObjectKey(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "it is not an id, a slash and a file name")
    }
    self = key
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension UInt8 {
  var isFileNameCharacter: Bool {
    isQueueNameCharacter || self == UInt8(ascii: ".")
  }

  var isQueueNameCharacter: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
