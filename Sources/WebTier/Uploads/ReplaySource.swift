import AWS
import EventLoop

/// What one PUT reads of a ``ReplayBuffer``: exactly as many bytes as it has been announced with, again from the first
/// when S3's client asks for them, and the last one only when it is sure to be the file's last.
@LoopActor
final class ReplaySource: UploadSource {
  let byteCount: Int
  private let buffer: ReplayBuffer
  /// Whether nothing will be added to the buffer.
  private(set) var isComplete: Bool
  private(set) var hasBegun = false
  /// S3 has, or had, everything that an object is made of.
  private(set) var hasGivenAll = false
  /// Bytes were needed again that had been let go.
  private(set) var hasMissedReplay = false
  private var isCancelled = false
  /// Called when bytes have been taken, or will be taken again.
  var onRead: (@LoopActor () -> Void)?
  var onReadable: (@LoopActor () -> Void)?

  /// Of all that has been received.
  private let receivedChecksum: (@LoopActor () -> CRC32C)?

  init(
    _ buffer: ReplayBuffer, byteCount: Int, isComplete: Bool, checksum: (@LoopActor () -> CRC32C)? = nil
  ) {
    receivedChecksum = checksum
    self.buffer = buffer
    self.byteCount = byteCount
    self.isComplete = isComplete
  }

  var checksum: CRC32C? { receivedChecksum?() }

  /// The announced length is not, or no longer can be, the file's.
  var isMispredicted: Bool {
    isComplete ? byteCount != buffer.receivedByteCount : buffer.receivedByteCount > byteCount
  }

  /// Bytes have come, or with `isComplete` the last of them have.
  func bytesArrived(isComplete: Bool) {
    self.isComplete = isComplete
    onReadable?()
  }

  /// Nothing is read from now on: the PUT fails.
  func cancel() {
    isCancelled = true
    onRead = nil
    onReadable?()
  }

  func lend(to take: (GatheredBytes) -> Int) -> UploadRead {
    guard !isCancelled, !isMispredicted else { return .abort }
    hasBegun = true
    if buffer.readByteCount == byteCount { return .end }
    // Until the file has ended its last byte stays here: S3 must not call it complete before we do.
    let limit = isComplete ? byteCount : byteCount - 1
    guard buffer.lend(upTo: limit, isComplete: isComplete, to: take) else { return .pause }
    if buffer.readByteCount == byteCount { hasGivenAll = true }
    onRead?()
    return .lent
  }

  func rewind() -> Bool {
    guard !isCancelled else { return false }
    guard buffer.rewind() else {
      hasMissedReplay = true
      return false
    }
    onRead?()
    return true
  }
}
