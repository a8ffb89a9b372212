import AWS
import EventLoop
import FoundationEssentials
import Jobs

// How one file reaches S3, which wants the length before the body, from a form, which does not announce it:
// 1. Bytes go into pooled slabs. A file that ends within the first window is one PUT of known length (SinglePut).
// 2. A longer file starts its PUT when the window is full, with a predicted length: what is left of the request after
//    the closing delimiter is taken off. That is exact when the file is the form's last part.
// 3. The last predicted byte is held back until the file has really ended, so a wrong prediction never stores anything.
// 4. Sent slabs are kept while the process-wide budget allows. A wrong prediction or an error of S3 starts the PUT again
//    from memory; when the budget is spent nothing is kept, and an upload that then needs a replay gets 503. A spent
//    budget also starts PUTs before their window is full: each upload then has a slab in hand and the rest is in S3.
// 5. A longer file without a prediction (a chunked request) is stored in parts of 5 MiB (PartedUpload) that are promised
//    by the budget; when it has none left, 503. One that ends within its first part is one PUT.
// 6. When S3 is slow, its connection takes no bytes, the unsent bytes reach their bound and the client's socket is not read, as
//    long as there is a PUT that will take them: what has ended, failed or waits for its true length holds nobody back.
// 7. Whatever ends an upload, nothing of it stays that no job names (Removals).
// 8. Where the key may be another request's too, storing is conditional and nothing is removed. A file that turns out to
//    be in the bucket already is read to its end, and compared (ImageComparison).

/// One file on its way from a client to the input bucket.
///
/// It is settled once: stored, failed or given up. From then on it holds no memory and no place.
@LoopActor
final class ImageUpload {
  /// Whose the object is.
  enum Claim {
    /// Nobody else knows its key.
    case own
    /// Requests with one idempotency key share it.
    case shared
    /// … and one of them has stored it already.
    case stored
  }

  /// As the client gave it.
  let name: String
  let key: ObjectKey
  let receivedAt = Date()
  private let storage: ImageStorage
  private let target: UploadTarget
  /// The object was there before this upload, or another has been faster.
  private(set) var isRepeated: Bool
  /// Goes along with an upload of a shared object, for the case that it proves to be there.
  private var comparison: ImageComparison?
  /// Whether the file's length can be told before its end.
  private let isPredicted: Bool
  private var strategy: any UploadStrategy
  private var head: [UInt8] = []
  private var receivedByteCount = 0
  private var hasEnded = false
  private var outcome: Result<Void, UploadError>?
  /// Unsafe, like those of a job and its answer, because there is one for every upload and a checked one allocates.
  private var waiter: UnsafeContinuation<Result<Void, UploadError>, Never>?

  private var isHoldingBack = false
  /// Called with true when the client is to be read no further, with false when it may be again.
  var onBackPressure: (@LoopActor (Bool) -> Void)?

  init(key: ObjectKey, claim: Claim, name: String, storage: ImageStorage, predictedByteCount: Int?) {
    self.key = key
    self.name = name
    self.storage = storage
    target = UploadTarget(key: key.description, isShared: claim != .own)
    isRepeated = claim == .stored
    isPredicted = predictedByteCount != nil
    // More can be neither sent nor stored, whatever a client announces.
    let predictedByteCount = predictedByteCount.map { min($0, storage.limits.imageByteCountMax) }
    if claim == .stored {
      strategy = ImageComparison(storage: storage, target: target)
    } else {
      strategy = SinglePut(storage: storage, target: target, predictedByteCount: predictedByteCount)
    }
    if claim == .shared { comparison = ImageComparison(storage: storage, target: target) }
    storage.uploadBegan()
    follow(strategy)
  }

  // MARK: From the client

  /// Takes the file's next bytes.
  func receive(_ bytes: Span<UInt8>) throws(UploadError) {
    try outcome?.get()
    try inspectHead(bytes)
    guard receivedByteCount + bytes.count <= storage.limits.imageByteCountMax else {
      throw .tooLarge(byteCountMax: storage.limits.imageByteCountMax)
    }
    receivedByteCount += bytes.count
    if !isPredicted, receivedByteCount >= storage.limits.firstWindowByteCount { try goOnInParts() }
    comparison?.receive(bytes)
    try strategy.receive(bytes)
    balance()
  }

  /// The file is complete.
  func end() throws(UploadError) {
    try outcome?.get()
    guard receivedByteCount > 0 else { throw .empty }
    guard ImageSignature.matches(head) else { throw .notAnImage }
    head = []
    hasEnded = true
    strategy.end()
    balance()
    try outcome?.get()
  }

  var isEmpty: Bool { receivedByteCount == 0 }
  var isStored: Bool { if case .success = outcome { true } else { false } }

  /// Resumes when the file is in the bucket, or will not be. Called once, after `end()`.
  func report(to continuation: UnsafeContinuation<Result<Void, UploadError>, Never>) {
    if let outcome { continuation.resume(returning: outcome) } else { waiter = continuation }
  }

  /// Gives everything up: the client has gone or its request is not acceptable. Nothing stays in the bucket, since
  /// nobody would ever ask for it; what S3 may have already is removed, unless it may be another request's.
  func abandon() {
    switch outcome {
    case .failure: return
    case .success: storage.remove(target, isUncertain: false)
    case nil:
      strategy.abandon()
      settle(.failure(.cancelled))
    }
    outcome = .failure(.cancelled)
  }

  /// Collects the first bytes and refuses what cannot be an image before any of it is sent.
  private func inspectHead(_ bytes: Span<UInt8>) throws(UploadError) {
    guard head.count < ImageSignature.byteCount else { return }
    bytes.extracting(first: ImageSignature.byteCount - head.count).withUnsafeBufferPointer {
      head.append(contentsOf: $0)
    }
    if head.count == ImageSignature.byteCount, !ImageSignature.matches(head) { throw .notAnImage }
  }

  private func goOnInParts() throws(UploadError) {
    guard let single = strategy as? SinglePut else { return }
    let (buffer, checksum) = single.handOver()
    strategy = try PartedUpload(storage: storage, target: target, buffer: buffer, checksum: checksum)
    follow(strategy)
  }

  // MARK: To S3

  /// The strategy holds the upload until that is settled. A weak reference would make every other one to it slow.
  private func follow(_ strategy: any UploadStrategy) {
    strategy.onEnd = { [self] in strategyEnded($0) }
    strategy.onProgress = { [self] in balance() }
  }

  /// Settles the upload; or goes on with comparing, when another has been faster.
  private func strategyEnded(_ result: Result<Void, UploadError>) {
    guard case .failure(.alreadyStored) = result, let comparison else { return settle(result) }
    isRepeated = true
    strategy = comparison
    self.comparison = nil
    follow(strategy)
    if hasEnded { strategy.end() } else { balance() }
  }

  /// Tells the client's side whenever S3 falls behind and whenever that ends.
  private func balance() {
    let isBehind = outcome == nil && strategy.isBehind
    guard isBehind != isHoldingBack else { return }
    isHoldingBack = isBehind
    onBackPressure?(isBehind)
  }

  private func settle(_ result: Result<Void, UploadError>) {
    guard outcome == nil else { return }
    outcome = result
    balance()
    onBackPressure = nil
    strategy.onEnd = nil
    strategy.onProgress = nil
    storage.uploadEnded()
    waiter?.resume(returning: result)
    waiter = nil
  }
}
