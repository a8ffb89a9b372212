import AWS

/// A checksum of an object or part as it is kept and shown.
struct Checksum: Sendable, Hashable {
  enum Kind: String, Sendable {
    case composite = "COMPOSITE"
    case fullObject = "FULL_OBJECT"
  }

  let algorithm: ChecksumAlgorithm
  let bytes: [UInt8]
  /// Parts that a composite one is made of: it is the checksum of their checksums. Nil for one of the bytes themselves.
  let partCount: Int?

  init(_ algorithm: ChecksumAlgorithm, _ bytes: [UInt8], partCount: Int? = nil) {
    self.algorithm = algorithm
    self.bytes = bytes
    self.partCount = partCount
  }

  var kind: Kind { partCount == nil ? .fullObject : .composite }

  /// As S3 writes it: base64, most significant byte first, `-N` for a composite one.
  var text: String { Base64.encode(bytes) + (partCount.map { "-\($0)" } ?? "") }

  /// Of a header's value. Nil unless it is base64 of the right length; only `allowsComposite` lets `-N` pass.
  init?(_ algorithm: ChecksumAlgorithm, received text: String, allowsComposite: Bool = false) {
    let sides = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = sides.first, let bytes = Base64.decode(String(first)), bytes.count == algorithm.byteCount
    else { return nil }
    if sides.count == 2 {
      guard allowsComposite, let count = Int(sides[1]), count > 0 else { return nil }
      self.init(algorithm, bytes, partCount: count)
    } else {
      self.init(algorithm, bytes)
    }
  }

  /// As the database keeps it: `crc32:AAAAAA==`.
  var stored: String { algorithm.rawValue + ":" + text }

  init?(stored: String) {
    let sides = stored.split(separator: ":", maxSplits: 1)
    guard sides.count == 2, let algorithm = ChecksumAlgorithm(rawValue: String(sides[0])) else { return nil }
    self.init(algorithm, received: String(sides[1]), allowsComposite: true)
  }
}
