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
  /// Places of requests that have been let in and have not begun their first file.
  private var reservedCount = 0

  init(s3: S3Client, bucket: String, limits: WebLimits) {
    self.s3 = s3
    self.bucket = bucket
    self.limits = limits
    pool = SlabPool(replayByteCountMax: limits.replayByteCountMax)
  }

  var takenPlaceCount: Int { uploadCount + reservedCount }
  var hasRoom: Bool { takenPlaceCount < limits.uploadCountMax }
  /// Whether one more first window fits into memory.
  var hasMemory: Bool { pool.usedByteCount + limits.firstWindowByteCount <= limits.bufferByteCountMax }
  func reserve() { reservedCount += 1 }
  func unreserve() { reservedCount -= 1 }
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

  /// Removes an object that may have been stored and that nobody wants. As well as it can be done: what it leaves
  /// behind when S3 fails is an image without a job, which costs its storage and nothing else.
  /// - Parameter put: What may still be storing it.
  func remove(_ key: String, after put: Task<Void, Never>?) {
    EventLoop.shared.spawn { [s3, bucket] in
      await put?.value
      try? await s3.deleteObject(bucket: bucket, key: key)
    }
  }
}
