import CISAL

/// The CRC-32C (Castagnoli) of bytes that arrive in pieces: S3's `x-amz-checksum-crc32c`.
///
/// ISA-L's `crc32_iscsi` takes and returns the register itself, so both inversions of the published CRC are done here.
package struct CRC32C: Sendable, Hashable {
  private var register: UInt32 = 0xFFFF_FFFF

  package init() {}

  package init(of bytes: [UInt8]) {
    update(bytes)
  }

  /// The checksum of everything given to `update` so far; "123456789" gives 0xE3069283.
  package var value: UInt32 { ~register }

  /// As S3 writes it in headers and trailers: the four bytes, most significant first, in base64.
  package var base64: String {
    let value = value
    return Base64.encode([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) })
  }

  package mutating func update(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { update($0) }
  }

  package mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

  package mutating func update(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let start = bytes.baseAddress else { return }
    // The C length is an int, and the C pointer is not const although nothing is written through it.
    let pieceByteCountMax = 1 << 30
    var offset = 0
    while offset < bytes.count {
      let count = min(bytes.count - offset, pieceByteCountMax)
      register = crc32_iscsi(UnsafeMutablePointer(mutating: start + offset), Int32(count), register)
      offset += count
    }
  }
}
