import AWS
import EventLoop
import Jobs
import Logging

/// The input bucket as uploads see it, with the memory and the places they share.
///
/// Uploads in memory and calls share one client, whose calls are short; those that go at their client's pace have a
/// client of their own, with many connections and small buffers, so that the slow never take the places of the fast.
@LoopActor
final class ImageStorage {
  let limits: WebLimits
  let pool: SlabPool
  let removals: Removals
  private let s3: S3Client
  private let streams: S3Client
  private let bucket: String
  private(set) var uploadCount = 0
  /// Places of requests that have been let in and have not begun their first file.
  private var reservedCount = 0

  init(s3: S3Client, streams: S3Client, bucket: String, limits: WebLimits, logger: Logger) {
    self.s3 = s3
    self.streams = streams
    self.bucket = bucket
    self.limits = limits
    pool = SlabPool(budgetByteCount: limits.replayByteCountMax)
    removals = Removals(s3: s3, bucket: bucket, limits: limits, logger: logger)
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
  /// - Parameter checksum: Of the whole object if all of it is here; else it follows the bytes, at their client's pace.
  func put(_ source: any UploadSource, key: String, byteCount: Int, checksum: CRC32C?) async throws(UploadError) {
    do throws(AWSError) {
      try await (checksum == nil ? streams : s3).putObject(
        bucket: bucket, key: key, body: .source(source, byteCount: byteCount, crc32c: checksum))
    } catch {
      throw error.isCancellation ? .cancelled : .storage(error)
    }
  }

  func beginParts(key: String) async throws(UploadError) -> MultipartUpload {
    do throws(AWSError) { return try await s3.createMultipartUpload(bucket: bucket, key: key) } catch {
      throw error.isCancellation ? .cancelled : .storage(error)
    }
  }

  func complete(_ upload: consuming MultipartUpload, key: String, byteCount: Int) async throws(UploadError) {
    do throws(AWSError) {
      do throws(AWSError) {
        try await upload.complete()
      } catch {
        // The answer to the attempt before may have been lost; the object then says so.
        guard error.serviceError?.code == "NoSuchUpload",
          try await s3.headObject(bucket: bucket, key: key).byteCount == byteCount
        else { throw error }
      }
      // An upload whose beginning was not answered has been begun again, and left behind.
      removals.removeStrays(of: key)
    } catch {
      throw error.isCancellation ? .cancelled : .storage(error)
    }
  }
}
