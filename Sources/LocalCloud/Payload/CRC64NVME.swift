/// The CRC-64 of the NVM Express Base Specification, that current SDKs use by default; "123456789" gives AE8B14860A799888.
///
/// No packaged library of Debian 12 has it (ISA-L only from 2.31 on), so it is eight tables of 2 KiB here: over 1 GB/s.
struct CRC64NVME: Sendable {
  /// Reflected.
  static let polynomial: UInt64 = 0x9A6C_9329_AC4B_C9B5

  /// `tables[n * 256 + byte]` is the effect of a byte that n more bytes follow.
  private static let tables: [UInt64] = {
    var tables = [UInt64](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var register = UInt64(byte)
      for _ in 0..<8 { register = register & 1 == 1 ? register >> 1 ^ polynomial : register >> 1 }
      tables[byte] = register
    }
    for index in 256..<8 * 256 {
      let previous = tables[index - 256]
      tables[index] = previous >> 8 ^ tables[Int(previous & 0xFF)]
    }
    return tables
  }()

  private var register = UInt64.max

  var value: UInt64 { ~register }

  /// Most significant byte first.
  var bytes: [UInt8] { stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt64($0)) } }

  mutating func update(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBytes { bytes in
      CRC64NVME.tables.withUnsafeBufferPointer { tables in
        var register = register
        var index = 0
        while index + 8 <= bytes.count {
          let word = register ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
          register = 0
          for lane in 0..<8 {
            register ^= tables[(7 - lane) << 8 | Int(truncatingIfNeeded: word >> UInt64(lane << 3) & 0xFF)]
          }
          index += 8
        }
        while index < bytes.count {
          register = register >> 8 ^ tables[Int((register ^ UInt64(bytes[index])) & 0xFF)]
          index += 1
        }
        self.register = register
      }
    }
  }
}
