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

  /// Begins to store one object from a source, with the client's retries; they rewind the source.
  /// - Parameters:
  ///   - checksum: Of the whole object if all of it is here; else it follows the bytes, at their client's pace.
  ///   - completion: Called once, perhaps before this returns. It fails with `alreadyStored` when the target is shared and
  ///     there is an object.
  func startPut(
    _ source: any UploadSource, to target: UploadTarget, byteCount: Int, checksum: CRC32C?,
    _ completion: @escaping @LoopActor (Result<Void, UploadError>) -> Void
  ) -> RunningCall? {
    (checksum == nil ? streams : s3).startPut(
      bucket: bucket, key: target.key, body: .source(source, byteCount: byteCount, crc32c: checksum),
      onlyIfAbsent: target.isShared
    ) { completion($0.mapError { UploadError($0) }) }
  }

  func beginParts(of target: UploadTarget) async throws(UploadError) -> MultipartUpload {
    do throws(AWSError) { return try await s3.createMultipartUpload(bucket: bucket, key: target.key) } catch {
      throw UploadError(error)
    }
  }

  /// Makes the parts an object.
  /// - Throws: `alreadyStored` when the target is shared and there is an object.
  func complete(
    _ upload: consuming MultipartUpload, of target: UploadTarget, byteCount: Int
  ) async throws(UploadError) {
    do throws(AWSError) {
      do throws(AWSError) {
        try await upload.complete(onlyIfAbsent: target.isShared)
      } catch {
        // The answer to the attempt before may have been lost; the object then says so.
        guard error.serviceError?.code == "NoSuchUpload",
          try await s3.headObject(bucket: bucket, key: target.key).byteCount == byteCount
        else { throw error }
      }
    } catch {
      throw UploadError(error)
    }
    // An upload whose beginning was not answered has been begun again, and left behind.
    if !target.isShared { removals.removeStrays(of: target.key) }
  }

  /// Discards the parts. What keeps it from that is the store's to mend: its own expiry of unfinished uploads.
  func abort(_ upload: consuming MultipartUpload) async { try? await upload.abort() }

  /// Compares an object with what a client has sent: by length, and by checksum if the store knows that of the whole.
  func compare(_ target: UploadTarget, byteCount: Int, checksum: CRC32C) async throws(UploadError) {
    let info: ObjectInfo
    do throws(AWSError) {
      info = try await s3.headObject(bucket: bucket, key: target.key)
    } catch {
      // It has been removed meanwhile.
      if error.isNotFound { throw .conflict }
      throw UploadError(error)
    }
    guard info.byteCount == byteCount, info.crc32c.map({ $0 == checksum.base64 }) ?? true else {
      throw .differentImage
    }
  }

  /// Takes back what may have been stored and no job will name. What is shared stays: it may be another request's.
  func remove(
    _ target: UploadTarget, isUncertain: Bool, isParted: Bool = false, after task: Task<Void, Never>? = nil
  ) {
    guard !target.isShared else {
      // The upload itself ends its parts; a server that stops waits for that.
      if isParted, let task { removals.follow(task) }
      return
    }
    removals.remove(target.key, isUncertain: isUncertain, isParted: isParted, after: task)
  }
}

extension UploadError {
  fileprivate init(_ error: AWSError) {
    if error.isCancellation {
      self = .cancelled
    } else if error.serviceError?.isPreconditionFailed ?? false {
      self = .alreadyStored
    } else if error.serviceError?.isConditionalConflict ?? false {
      self = .conflict
    } else {
      self = .storage(error)
    }
  }
}
