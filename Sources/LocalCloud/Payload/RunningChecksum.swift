import AWS
import CISAL

/// A checksum of bytes that arrive in pieces.
struct RunningChecksum: ~Copyable {
  let algorithm: ChecksumAlgorithm
  private var crc32: UInt32 = 0
  private var crc32c = CRC32C()
  private var crc64 = CRC64NVME()
  private var digest: RunningDigest?

  init(_ algorithm: ChecksumAlgorithm) {
    self.algorithm = algorithm
    switch algorithm {
    case .sha1: digest = RunningDigest(.sha1)
    case .sha256: digest = RunningDigest(.sha256)
    case .crc32, .crc32c, .crc64nvme: digest = nil
    }
  }

  mutating func update(_ bytes: Span<UInt8>) {
    switch algorithm {
    case .crc32:
      bytes.withUnsafeBufferPointer { bytes in
        // ISA-L's "gzip" CRC-32 is zlib's and S3's; it does both inversions itself.
        if let start = bytes.baseAddress { crc32 = crc32_gzip_refl(crc32, start, UInt64(bytes.count)) }
      }
    case .crc32c: crc32c.update(bytes)
    case .crc64nvme: crc64.update(bytes)
    case .sha1, .sha256: digest?.update(bytes)
    }
  }

  consuming func finish() -> Checksum {
    let algorithm = algorithm
    switch algorithm {
    case .crc32: return Checksum(algorithm, RunningChecksum.bytes(crc32))
    case .crc32c: return Checksum(algorithm, RunningChecksum.bytes(crc32c.value))
    case .crc64nvme: return Checksum(algorithm, crc64.bytes)
    case .sha1, .sha256: return Checksum(algorithm, digest.take()?.finish() ?? [])
    }
  }

  private static func bytes(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }

  /// Of bytes in memory.
  static func checksum(of bytes: [UInt8], _ algorithm: ChecksumAlgorithm) -> Checksum {
    var running = RunningChecksum(algorithm)
    running.update(bytes.span)
    return running.finish()
  }
}
