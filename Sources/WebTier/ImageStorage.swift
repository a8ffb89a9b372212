import AWS
import EventLoop

/// The input bucket as uploads see it, with the memory and the places they share.
@LoopActor
final class ImageStorage {
  let limits: WebLimits
  let pool: SlabPool
  private let s3: S3Client
  private let bucket: String
  private(set) var uploadCount = 0

  init(s3: S3Client, bucket: String, limits: WebLimits) {
    self.s3 = s3
    self.bucket = bucket
    self.limits = limits
    pool = SlabPool(replayByteCountMax: limits.replayByteCountMax)
  }

  var hasRoom: Bool { uploadCount < limits.uploadCountMax }
  func uploadBegan() { uploadCount += 1 }
  func uploadEnded() { uploadCount -= 1 }

  /// Stores one object from a source, with the client's retries; they rewind the source.
  /// - Parameter checksum: Of the whole object if it is known already; else it follows the bytes.
  func put(_ source: any UploadSource, key: String, byteCount: Int, checksum: CRC32C?) async throws(UploadError) {
    do throws(AWSError) {
      try await s3.putObject(
        bucket: bucket, key: key, body: .source(source, byteCount: byteCount, crc32c: checksum))
    } catch {
      throw error.isCancellation ? .cancelled : .storage(error)
    }
  }
}
