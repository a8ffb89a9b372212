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
// 5. When S3 is slow, curl takes no bytes, the unsent bytes reach their bound and the client's socket is not read, as
//    long as there is a PUT that will take them: what has ended, failed or waits for its true length holds nobody back.

/// One file on its way from a client to the input bucket.
///
/// It is settled once: stored, failed or given up. From then on it holds no memory and no place.
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

  /// What the last PUT was announced to S3 with.
  private var announcedByteCount: Int?
  /// The PUT that is running.
  private var put: Task<Void, Never>?
  private var checksum = CRC32C()
  private var head: [UInt8] = []
  private var hasEnded = false
  /// The PUT failed in a way that another could mend, but its first bytes had been let go.
  private var hasMissedReplay = false
  private var outcome: Result<Void, UploadError>?
  private var waiter: CheckedContinuation<Result<Void, UploadError>, Never>?

  private var isHoldingBack = false
  /// Called with true when the client is to be read no further, with false when it may be again.
  var onBackPressure: (@LoopActor (Bool) -> Void)?

  // UploadSource
  var onReadable: (@LoopActor () -> Void)?

  init(id: JobID, name: String, storage: ImageStorage, predictedByteCount: Int?) {
    self.name = name
    self.storage = storage
    // More can be neither sent nor stored, whatever a client announces.
    self.predictedByteCount = predictedByteCount.map { min($0, storage.limits.imageByteCountMax) }
    key = ObjectKey(id: id, fileName: name)
    buffer = ReplayBuffer(pool: storage.pool)
    storage.uploadBegan()
  }

  // MARK: From the client

  /// Takes the file's next bytes.
  func receive(_ bytes: Span<UInt8>) throws(UploadError) {
    try outcome?.get()
    try inspectHead(bytes)
    guard buffer.receivedByteCount + bytes.count <= storage.limits.imageByteCountMax else {
      throw .tooLarge(byteCountMax: storage.limits.imageByteCountMax)
    }
    checksum.update(bytes)
    buffer.append(bytes)
    if buffer.receivedByteCount >= storage.limits.firstWindowByteCount {
      guard let expected = announcedByteCount ?? predictedByteCount else { throw .lengthUnknown }
      guard buffer.receivedByteCount - expected <= ImageUpload.overshootByteCountMax else { throw .lengthMismatch }
      // What is longer than predicted already waits for its end, and its true length.
      if announcedByteCount == nil, buffer.receivedByteCount <= expected { startPut(byteCount: expected) }
    }
    onReadable?()
    balance()
  }

  /// The file is complete.
  func end() throws(UploadError) {
    try outcome?.get()
    guard buffer.receivedByteCount > 0 else { throw .empty }
    guard ImageSignature.matches(head) else { throw .notAnImage }
    hasEnded = true
    if put == nil { startFromMemory() } else { onReadable?() }
    balance()
    try outcome?.get()
  }

  var isEmpty: Bool { buffer.receivedByteCount == 0 }

  /// Waits until the file is in the bucket. Called once, after `end()`.
  func stored() async throws(UploadError) {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if let outcome { continuation.resume(returning: outcome) } else { waiter = continuation }
      }
    } onCancel: {
      EventLoop.shared.spawn { self.abandon() }
    }
    try result.get()
  }

  /// Gives everything up: the client has gone or its request is not acceptable. Nothing stays in the bucket, since
  /// nobody would ever ask for it; what S3 may have already is removed.
  func abandon() {
    if case .failure = outcome { return }
    let mayBeStored = hasEnded && buffer.readByteCount == announcedByteCount
    let put = put
    put?.cancel()
    settle(.failure(.cancelled))
    if mayBeStored { storage.remove(key.description, after: put) }
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

  /// Tells the client's side whenever S3 falls behind and whenever that ends.
  private func balance() {
    let isBehind =
      put != nil && outcome == nil && !hasEnded && !isMispredicted
      && buffer.unreadByteCount >= storage.limits.unsentByteCountMax
    guard isBehind != isHoldingBack else { return }
    isHoldingBack = isBehind
    onBackPressure?(isBehind)
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
    put = EventLoop.shared.spawn { [self] in
      var failure: UploadError?
      do throws(UploadError) {
        try await storage.put(self, key: key.description, byteCount: byteCount, checksum: checksum)
      } catch {
        failure = error
      }
      put = nil
      putEnded(failure)
    }
  }

  /// The file has ended, and with it every doubt about its length.
  private func startFromMemory() {
    guard buffer.rewind() else { return settle(.failure(.replayImpossible)) }
    startPut(byteCount: buffer.receivedByteCount)
  }

  private func putEnded(_ failure: UploadError?) {
    guard outcome == nil else { return }
    if isMispredicted {
      // Before the file's end it is `end()` that goes on.
      if hasEnded { startFromMemory() }
    } else if let failure {
      settle(.failure(hasMissedReplay ? .replayImpossible : failure))
    } else if hasEnded {
      settle(.success(()))
    } else {
      // The last byte has not left yet: that is no S3.
      let error = AWSError.malformedResponse(operation: "PutObject", "success before the body's end")
      settle(.failure(.storage(error)))
    }
  }

  private func settle(_ result: Result<Void, UploadError>) {
    guard outcome == nil else { return }
    outcome = result
    balance()
    onBackPressure = nil
    onReadable = nil
    buffer.release()
    storage.uploadEnded()
    waiter?.resume(returning: result)
    waiter = nil
  }
}

extension ImageUpload: UploadSource {
  var readyByteCount: Int { buffer.unreadByteCount }

  func read(into target: UnsafeMutableRawBufferPointer) -> UploadRead {
    guard let announcedByteCount, outcome == nil, !isMispredicted else { return .abort }
    if buffer.readByteCount == announcedByteCount { return .end }
    // Until the file has ended its last byte stays here: S3 must not call it complete before we do.
    let limit = hasEnded ? announcedByteCount : announcedByteCount - 1
    let count = buffer.read(into: target, upTo: limit)
    balance()
    return count > 0 ? .bytes(count) : .pause
  }

  func rewind() -> Bool {
    guard outcome == nil else { return false }
    guard buffer.rewind() else {
      hasMissedReplay = true
      return false
    }
    balance()
    return true
  }
}
