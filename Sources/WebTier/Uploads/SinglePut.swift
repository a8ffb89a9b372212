import AWS
import EventLoop

/// A file that becomes one PUT: from memory when it ends within its first window, else under way with the length that is
/// predicted. It gathers what comes until it knows which.
@LoopActor
final class SinglePut: UploadStrategy {
  private let storage: ImageStorage
  private let target: UploadTarget
  /// The file's length as far as it can be told before its end.
  private let predictedByteCount: Int?
  private let buffer: ReplayBuffer
  private var checksum = CRC32C()
  private var hasEnded = false
  private var isOver = false
  /// The PUT that is running.
  private var source: ReplaySource?
  private var put: RunningCall?
  /// A PUT before this one may have been stored although it failed.
  private var mayBeStored = false
  var onEnd: (@LoopActor (Result<Void, UploadError>) -> Void)?
  var onProgress: (@LoopActor () -> Void)?

  init(storage: ImageStorage, target: UploadTarget, predictedByteCount: Int?) {
    self.storage = storage
    self.target = target
    self.predictedByteCount = predictedByteCount
    buffer = ReplayBuffer(pool: storage.pool)
  }

  /// For a file that is whole; `end()` is what is left.
  init(storage: ImageStorage, target: UploadTarget, gathered buffer: ReplayBuffer, checksum: CRC32C) {
    self.storage = storage
    self.target = target
    predictedByteCount = nil
    self.buffer = buffer
    self.checksum = checksum
  }

  /// Clients that leave out the line end after the closing delimiter send a file that is longer than predicted by as
  /// much; anything beyond is a part that lies about its length.
  private static let overshootByteCountMax = 64

  // MARK: From the client

  func receive(_ bytes: Span<UInt8>) throws(UploadError) {
    checksum.update(bytes)
    buffer.append(bytes)
    if mustStream { try stream() }
    source?.bytesArrived(isComplete: false)
  }

  func end() {
    hasEnded = true
    if let source, source.hasBegun {
      source.bytesArrived(isComplete: true)
    } else {
      // One that has not read a byte, since it waits for its turn, gains by being told the length and the checksum.
      cancelPut()
      startFromMemory()
    }
  }

  /// When S3 falls behind a client that is still sending. What has a wrong length does not wait: it needs its true one.
  var isBehind: Bool {
    guard let source, !isOver, !hasEnded, !source.isMispredicted else { return false }
    let byteCountMax = storage.pool.isSpent ? Slab.Size.small.byteCount : storage.limits.unsentByteCountMax
    return buffer.unreadByteCount >= byteCountMax
  }

  func abandon() {
    guard !isOver else { return }
    isOver = true
    cancelPut()
    finish()
    if mayBeStored { storage.remove(target, isUncertain: true) }
  }

  /// What has been gathered goes on another way. Not after a PUT has been started.
  func handOver() -> (buffer: ReplayBuffer, checksum: CRC32C) {
    isOver = true
    return (buffer, checksum)
  }

  // MARK: To S3

  /// The window is full; or memory is, and there is something worth sending.
  private var mustStream: Bool {
    buffer.receivedByteCount >= storage.limits.firstWindowByteCount
      || (storage.pool.isSpent && buffer.receivedByteCount >= Slab.Size.small.byteCount)
  }

  private func stream() throws(UploadError) {
    guard let expected = source?.byteCount ?? predictedByteCount else { throw .memorySpent }
    guard buffer.receivedByteCount - expected <= SinglePut.overshootByteCountMax else { throw .lengthMismatch }
    // What is longer than predicted already waits for its end, and its true length.
    if source == nil, buffer.receivedByteCount <= expected { startPut(byteCount: expected) }
  }

  /// The file has ended, and with it every doubt about its length.
  private func startFromMemory() {
    guard buffer.rewind() else { return fail(.replayImpossible) }
    startPut(byteCount: buffer.receivedByteCount)
  }

  private func startPut(byteCount: Int) {
    // That of a whole file goes ahead of it, and is not asked for.
    let following: (@LoopActor () -> CRC32C)? = hasEnded ? nil : { @LoopActor [self] in self.checksum }
    let source = ReplaySource(buffer, byteCount: byteCount, isComplete: hasEnded, checksum: following)
    // Both hold each other until the PUT is over; see `follow(_:)` of `ImageUpload`.
    source.onRead = { [self] in onProgress?() }
    self.source = source
    let checksum = hasEnded ? checksum : nil
    let put = storage.startPut(source, to: target, byteCount: byteCount, checksum: checksum) { [self] result in
      putEnded(source, result)
    }
    if source === self.source { self.put = put }
  }

  private func putEnded(_ source: ReplaySource, _ result: Result<Void, UploadError>) {
    if source.hasGivenAll { mayBeStored = true }
    guard !isOver, source === self.source else { return }
    switch result {
    case .failure(.alreadyStored): fail(.alreadyStored)
    case _ where source.isMispredicted:
      self.source = nil
      put = nil
      // Before the file's end it is `end()` that goes on.
      if hasEnded { startFromMemory() }
    case .failure(let error): fail(source.hasMissedReplay ? .replayImpossible : error)
    case .success where source.hasGivenAll:
      finish()
      onEnd?(.success(()))
    case .success:
      // The last byte has not left yet: that is no S3.
      fail(.storage(.malformedResponse(operation: "PutObject", "success before the body's end")))
    }
  }

  private func cancelPut() {
    guard let source else { return }
    if source.hasGivenAll { mayBeStored = true }
    let put = put
    // What the cancelled call says is not heard any more.
    self.source = nil
    self.put = nil
    source.cancel()
    put?.cancel()
  }

  private func fail(_ error: UploadError) {
    finish()
    // An attempt whose answer was lost may have been stored.
    if mayBeStored { storage.remove(target, isUncertain: true) }
    onEnd?(.failure(error))
  }

  private func finish() {
    isOver = true
    source = nil
    put = nil
    buffer.release()
  }
}
