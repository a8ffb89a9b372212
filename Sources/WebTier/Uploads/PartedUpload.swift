import AWS
import DequeModule
import EventLoop

/// A file of unknown length: gathered in parts, which S3 takes one by one and makes an object of at the end.
///
/// S3 wants 5 MiB in every part but the last, so that much is promised by the budget before the first is begun. A file
/// that ends within its first part is one PUT after all. While as many parts as may be are under way, or the budget has
/// no more, the client waits; an upload that has a part's memory keeps it to its end, so that it always goes on.
@LoopActor
final class PartedUpload: UploadStrategy {
  /// A piece of the file, all in memory until S3 has it.
  private struct Part {
    let buffer: ReplayBuffer
    var checksum = CRC32C()
  }

  private let storage: ImageStorage
  private let target: UploadTarget
  private var gathering: Part
  private var full: Deque<Part> = []
  private var inFlight: [Int: (part: Part, source: ReplaySource, task: Task<Void, Never>)] = [:]
  private var partCount = 0
  private var totalByteCount: Int
  private var hasEnded = false
  private var isOver = false
  /// The budget has memory for what comes next.
  private var isPromised = true
  private var failure: UploadError?
  private var main: Task<Void, Never>?
  /// The one PUT of a file that has ended within its first part.
  private var whole: SinglePut?
  private var waiter: CheckedContinuation<Void, Never>?
  var onEnd: (@LoopActor (Result<Void, UploadError>) -> Void)?
  var onProgress: (@LoopActor () -> Void)?

  /// Goes on with what has been gathered.
  /// - Throws: `.memorySpent` when the budget has no memory for a part.
  init(storage: ImageStorage, target: UploadTarget, buffer: ReplayBuffer, checksum: CRC32C) throws(UploadError) {
    self.storage = storage
    self.target = target
    gathering = Part(buffer: buffer, checksum: checksum)
    totalByteCount = buffer.receivedByteCount
    guard buffer.promise(totalByteCount: MultipartUpload.partByteCountMin) else {
      buffer.release()
      throw .memorySpent
    }
  }

  // MARK: From the client

  func receive(_ bytes: Span<UInt8>) throws(UploadError) {
    totalByteCount += bytes.count
    var rest = bytes
    while !rest.isEmpty {
      let room = MultipartUpload.partByteCountMin - gathering.buffer.receivedByteCount
      if room == 0 {
        cut()
        continue
      }
      let count = min(room, rest.count)
      let piece = rest.extracting(0..<count)
      gathering.checksum.update(piece)
      gathering.buffer.append(piece)
      rest = rest.extracting(count..<rest.count)
    }
  }

  func end() {
    hasEnded = true
    if main == nil { storeWhole() } else { cut() }
  }

  /// Nothing is promised for what comes next: it must wait for a part that is under way.
  var isBehind: Bool { !isPromised && !hasEnded && !isOver }

  func abandon() {
    guard !isOver else { return }
    let main = main
    finish()
    whole?.abandon()
    if let main { storage.remove(target, isUncertain: true, isParted: true, after: main) }
  }

  /// The part is full, and the file goes on; or has ended with it.
  private func cut() {
    full.append(gathering)
    gathering = Part(buffer: ReplayBuffer(pool: storage.pool))
    isPromised = false
    if main == nil { main = EventLoop.shared.spawn { [self] in await run() } }
    if !hasEnded { promiseNext() }
    wake()
  }

  private func promiseNext() {
    let sendingCount = full.count + inFlight.count
    guard !isPromised, !isOver, sendingCount <= storage.limits.partsInFlightMax else { return }
    isPromised = gathering.buffer.promise(
      totalByteCount: MultipartUpload.partByteCountMin, isOwed: sendingCount == 0)
    if isPromised { onProgress?() }
  }

  // MARK: To S3

  private func storeWhole() {
    let put = SinglePut(storage: storage, target: target, gathered: gathering.buffer, checksum: gathering.checksum)
    put.onEnd = { [weak self] result in
      guard let self, !isOver else { return }
      finish()
      onEnd?(result)
    }
    whole = put
    put.end()
  }

  private func run() async {
    do throws(UploadError) {
      try await store()
      guard !isOver else { return }
      finish()
      onEnd?(.success(()))
    } catch {
      // Whoever has abandoned the upload sees to its removal.
      guard !isOver else { return }
      finish()
      storage.remove(target, isUncertain: true, isParted: true)
      onEnd?(.failure(error))
    }
  }

  private func store() async throws(UploadError) {
    let upload = try await storage.beginParts(of: target)
    while let part = await nextPart() { send(part, to: upload.parts) }
    // None may arrive after the upload has been aborted: it would stay.
    for sending in inFlight.values { await sending.task.value }
    if let failure = failure ?? (isOver ? .cancelled : nil) {
      await storage.abort(upload)
      throw failure
    }
    try await storage.complete(upload, of: target, byteCount: totalByteCount)
  }

  /// Waits for a part to be full, and for a place for it.
  /// - Returns: Nil after the last, and when there is no use in going on.
  private func nextPart() async -> Part? {
    while !isOver, failure == nil {
      if inFlight.count < storage.limits.partsInFlightMax, let part = full.popFirst() { return part }
      if hasEnded, full.isEmpty { return nil }
      await withCheckedContinuation { waiter = $0 }
    }
    return nil
  }

  private func send(_ part: Part, to parts: MultipartUpload.Parts) {
    partCount += 1
    let number = partCount
    let byteCount = part.buffer.receivedByteCount
    let source = ReplaySource(part.buffer, byteCount: byteCount, isComplete: true)
    let task = EventLoop.shared.spawn { [self] in
      do throws(AWSError) {
        try await parts.upload(number, .source(source, byteCount: byteCount, crc32c: part.checksum))
      } catch {
        if failure == nil { failure = error.isCancellation ? .cancelled : .storage(error) }
      }
      part.buffer.release()
      inFlight[number] = nil
      promiseNext()
      wake()
    }
    inFlight[number] = (part, source, task)
  }

  private func wake() {
    waiter?.resume()
    waiter = nil
  }

  /// Ends what runs and gives back the memory.
  private func finish() {
    isOver = true
    for sending in inFlight.values {
      sending.source.cancel()
      sending.task.cancel()
      sending.part.buffer.release()
    }
    for part in full { part.buffer.release() }
    full = []
    gathering.buffer.release()
    main?.cancel()
    wake()
  }
}
