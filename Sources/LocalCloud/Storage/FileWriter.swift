import EventLoop

/// Takes an upload's bytes on the loop and has them hashed and written on the thread pool, a piece at a time.
///
/// The MD5 that an ETag is costs more than everything else about a PUT, so it is done where another core can do it; an object of
/// one piece is hashed, written and put in its place by one visit to the pool. At most two pieces are in memory: one
/// being written and one being filled; then `isFull` asks the owner to stop reading until `onRoom` is called.
@LoopActor
final class FileWriter {
  /// A read of the socket, and what the parser held back, may still come after a pause.
  private static let slackByteCount = 128 * 1024

  private let draft: FileDraft
  private let pieceByteCount: Int
  private var piece: [UInt8] = []
  private var isWriting = false
  /// Why nothing more is written.
  private(set) var failure: StorageError?
  private var idle: CheckedContinuation<Void, Never>?
  /// Called when there is room again after `isFull`.
  var onRoom: (@LoopActor () -> Void)?

  /// - Parameter byteCount: How long the payload is going to be, as far as known; room is made for one piece at most.
  init(_ draft: FileDraft, pieceByteCount: Int, expecting byteCount: Int) {
    self.draft = draft
    self.pieceByteCount = pieceByteCount
    piece.reserveCapacity(min(max(byteCount, 0), pieceByteCount + FileWriter.slackByteCount))
  }

  /// Nothing more will be written; `finish` says why.
  var hasFailed: Bool { failure != nil }

  var isFull: Bool { isWriting && piece.count >= pieceByteCount }

  func append(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { piece.append(contentsOf: $0) }
    if piece.count >= pieceByteCount, !isWriting, failure == nil { startWriting() }
  }

  /// Writes the rest, checks the payload against what was announced and gives it its place.
  func finish(_ announced: PayloadAnnouncement) async throws -> StoredPayload {
    if isWriting { await withCheckedContinuation { idle = $0 } }
    if let failure { throw failure }
    let rest = piece
    piece = []
    return try await EventLoop.shared.offload { [draft] in
      try draft.write(rest)
      return try draft.publish(announced)
    }
  }

  private func startWriting() {
    isWriting = true
    let full = piece
    piece = []
    piece.reserveCapacity(pieceByteCount + FileWriter.slackByteCount)
    EventLoop.shared.spawn { [self] in
      do throws(StorageError) {
        try await EventLoop.shared.offload { [draft] () throws(StorageError) in try draft.write(full) }
      } catch {
        failure = error
      }
      isWriting = false
      if piece.count >= pieceByteCount, failure == nil, idle == nil { startWriting() }
      onRoom?()
      idle?.resume()
      idle = nil
    }
  }
}
