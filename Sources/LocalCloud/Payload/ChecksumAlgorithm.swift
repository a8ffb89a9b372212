import AWS

/// The checksums S3 takes, verifies, keeps and returns ("Checking object integrity", S3 User Guide).
enum ChecksumAlgorithm: String, Sendable, CaseIterable {
  case crc32, crc32c, crc64nvme, sha1, sha256

  /// As in `x-amz-checksum-algorithm`; S3 writes it in capitals.
  init?(received name: String) { self.init(rawValue: name.lowercased()) }

  /// The algorithm of a header or trailer such as `x-amz-checksum-crc32`.
  init?(headerName: String) {
    guard headerName.hasPrefix(ChecksumAlgorithm.headerPrefix) else { return nil }
    self.init(rawValue: String(headerName.dropFirst(ChecksumAlgorithm.headerPrefix.count)))
  }

  static let headerPrefix = "x-amz-checksum-"

  var headerName: String { ChecksumAlgorithm.headerPrefix + rawValue }
  /// As XML and `x-amz-checksum-algorithm` have it: `CRC64NVME`.
  var name: String { rawValue.uppercased() }
  /// The element of XML bodies: `ChecksumCRC64NVME`.
  var elementName: String { "Checksum" + name }

  var byteCount: Int {
    switch self {
    case .crc32, .crc32c: 4
    case .crc64nvme: 8
    case .sha1: 20
    case .sha256: 32
    }
  }

  /// How the parts' CRCs become the whole's; hashes have no such way.
  var combination: CRCCombination? {
    switch self {
    case .crc32: CRCCombination(width: 32, polynomial: 0xEDB8_8320)
    case .crc32c: CRCCombination(width: 32, polynomial: 0x82F6_3B78)
    case .crc64nvme: CRCCombination(width: 64, polynomial: CRC64NVME.polynomial)
    case .sha1, .sha256: nil
    }
  }

  /// What a multipart upload's checksum is when the client does not say.
  var kindDefault: Checksum.Kind { self == .crc64nvme ? .fullObject : .composite }

  func allows(_ kind: Checksum.Kind) -> Bool {
    switch kind {
    case .composite: self != .crc64nvme
    case .fullObject: combination != nil
    }
  }
}
