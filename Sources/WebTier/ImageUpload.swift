import AWS
import EventLoop
import FoundationEssentials
import Jobs

// How one file reaches S3, which wants the length before the body, from a form, which does not announce it:
// 1. Bytes go into pooled slabs. A file that ends within the first window is one PUT of known length.
// 2. A longer file starts its PUT when the window is full, with a predicted length: what is left of the request after
//    the closing delimiter is taken off. That is exact when the file is the form's last part.
// 3. The last predicted byte is held back until the file has really ended, so a wrong prediction never stores anything.
// 4. Sent slabs are kept while the process-wide budget allows. A wrong prediction or an error of S3 starts the PUT again
//    from memory; when the budget is spent nothing is kept, and an upload that then needs a replay gets 503.
// 5. When S3 is slow, curl takes no bytes, the unsent bytes reach their bound and the client's socket is not read.

/// One file on its way from a client to the input bucket.
@LoopActor
final class ImageUpload {
  /// As the client gave it.
  let name: String
  let key: ObjectKey
  let receivedAt = Date()
  private let storage: ImageStorage
  private let buffer: ReplayBuffer
  /// The file's length as far as it can be told before its end.
  private let predictedByteCount: Int?

  /// What the running PUT was announced to S3 with.
  private var announcedByteCount: Int?
  private var put: Task<Void, any Error>?
  private var checksum = CRC32C()
  private var head: [UInt8] = []
  private var hasEnded = false
  private var isFinished = false
  /// Set when the PUT has failed for good while the client is still sending.
  private(set) var failure: UploadError?
  /// Called when unsent bytes have fallen low enough for reading to go on, and when the upload has failed.
  var onReadyForMore: (@LoopActor () -> Void)?

  // UploadSource
  var onReadable: (@LoopActor () -> Void)?

  init(id: JobID, name: String, storage: ImageStorage, predictedByteCount: Int?) {
    self.name = name
    self.storage = storage
    self.predictedByteCount = predictedByteCount
    key = ObjectKey(id: id, fileName: name)
    buffer = ReplayBuffer(pool: storage.pool)
    storage.uploadBegan()
  }

  // MARK: From the client

  /// Takes the file's next bytes.
  func receive(_ bytes: Span<UInt8>) throws(UploadError) {
    if let failure { throw failure }
    try inspectHead(bytes)
    guard buffer.receivedByteCount + bytes.count <= storage.limits.imageByteCountMax else {
      throw .tooLarge(byteCountMax: storage.limits.imageByteCountMax)
    }
    checksum.update(bytes)
    buffer.append(bytes)
    if let announcedByteCount {
      guard buffer.receivedByteCount <= announcedByteCount + ImageUpload.overshootByteCountMax else {
        throw .lengthMismatch
      }
      onReadable?()
    } else if buffer.receivedByteCount >= storage.limits.firstWindowByteCount {
      guard let predictedByteCount else { throw .lengthUnknown }
      startPut(byteCount: predictedByteCount)
    }
  }

  /// The file is complete.
  func end() throws(UploadError) {
    if let failure { throw failure }
    guard buffer.receivedByteCount > 0 else { throw .empty }
    guard ImageSignature.matches(head) else { throw .notAnImage }
    hasEnded = true
    if put == nil { startPut(byteCount: buffer.receivedByteCount) } else { onReadable?() }
  }

  var isEmpty: Bool { buffer.receivedByteCount == 0 }

  /// True while the client should not be read, since S3 is behind.
  var wantsPause: Bool { put != nil && failure == nil && buffer.unreadByteCount >= storage.limits.unsentByteCountMax }

  /// Waits until the file is in the bucket. Called once, after `end()`.
  func stored() async throws(UploadError) {
    defer { finish() }
    do throws(UploadError) {
      try await putEnded()
    } catch {
      guard isMispredicted, !Task.isCancelled else { throw error }
      guard buffer.rewind() else { throw .replayImpossible }
      startPut(byteCount: buffer.receivedByteCount)
      try await putEnded()
    }
  }

  /// Gives everything up: the client has gone or its request is not acceptable.
  func abandon() {
    put?.cancel()
    finish()
  }

  /// Clients that leave out the line end after the closing delimiter send a file that is longer than predicted by as
  /// much; anything beyond is a part that lies about its length.
  private static let overshootByteCountMax = 64

  /// Collects the first bytes and refuses what cannot be an image before any of it is sent.
  private func inspectHead(_ bytes: Span<UInt8>) throws(UploadError) {
    guard head.count < ImageSignature.byteCount else { return }
    for index in 0..<min(bytes.count, ImageSignature.byteCount - head.count) { head.append(bytes[index]) }
    if head.count == ImageSignature.byteCount, !ImageSignature.matches(head) { throw .notAnImage }
  }

  // MARK: To S3

  /// The announced length is not, or no longer can be, the file's.
  private var isMispredicted: Bool {
    guard let announcedByteCount else { return false }
    return hasEnded
      ? announcedByteCount != buffer.receivedByteCount : buffer.receivedByteCount > announcedByteCount
  }

  private func startPut(byteCount: Int) {
    announcedByteCount = byteCount
    // A checksum that covers the whole file can go ahead of it.
    let checksum = hasEnded ? checksum : nil
    put = EventLoop.shared.start { [self] in
      do throws(UploadError) {
        try await storage.put(self, key: key.description, byteCount: byteCount, checksum: checksum)
      } catch {
        if !hasEnded, !isMispredicted {
          failure = error
          onReadyForMore?()
        }
        throw error
      }
    }
  }

  private func putEnded() async throws(UploadError) {
    guard let put else { throw .cancelled }
    let result = await withTaskCancellationHandler {
      await put.result
    } onCancel: {
      put.cancel()
    }
    do {
      try result.get()
    } catch let error as UploadError {
      throw error
    } catch {
      throw .cancelled
    }
  }

  private func finish() {
    guard !isFinished else { return }
    isFinished = true
    onReadyForMore = nil
    onReadable = nil
    buffer.release()
    storage.uploadEnded()
  }
}

extension ImageUpload: UploadSource {
  func read(into target: UnsafeMutableRawBufferPointer) -> UploadRead {
    guard let announcedByteCount, !isFinished, !isMispredicted else { return .abort }
    if buffer.readByteCount == announcedByteCount { return .end }
    // Until the file has ended its last byte stays here: S3 must not call it complete before we do.
    let limit = hasEnded ? announcedByteCount : announcedByteCount - 1
    let hadToPause = wantsPause
    let count = buffer.read(into: target, upTo: limit)
    if hadToPause, !wantsPause { onReadyForMore?() }
    return count > 0 ? .bytes(count) : .pause
  }

  func rewind() -> Bool { !isFinished && buffer.rewind() }
}
