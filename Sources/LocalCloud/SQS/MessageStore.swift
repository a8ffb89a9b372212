import EventLoop
import GRDB

/// Messages on disk, and as many of their contents in memory as `SQSLimits.cachedByteCountMax` allows.
///
/// Sends, deletes and moves return after their commit; receives are written down within `SQSLimits.receiveWriteDelay`, and
/// one whose message is deleted before that not at all.
@LoopActor
final class MessageStore {
  var messageCountMax = SQSLimits.messageCountMax
  var cachedByteCountMax = SQSLimits.cachedByteCountMax
  var uncommittedByteCountMax = SQSLimits.uncommittedByteCountMax

  private let database: CloudDatabase
  private var sequence: UInt64
  private var contents: [UInt64: MessageContents] = [:]
  private var cachedByteCount = 0
  private var uncommittedByteCount = 0
  /// Messages in all queues.
  private(set) var count: Int
  /// Received since they were last written.
  private var unwritten: [UInt64: QueuedMessage] = [:]
  private var isWriteDue = false
  private lazy var writeTimer = LoopTimer { [weak self] in self?.writeReceivesInBackground() }

  /// - Parameters:
  ///   - start: How often the database has been opened: the high part of every sequence number given from now on, so that
  ///     none is given twice, whatever was deleted.
  ///   - count: How many messages the database holds.
  init(database: CloudDatabase, start: Int64, count: Int) {
    self.database = database
    self.count = count
    sequence = UInt64(start) << 40
  }

  func nextSequence() -> UInt64 {
    sequence += 1
    return sequence
  }

  // MARK: Durable changes

  /// Returns when the messages are on disk. They belong to no queue in memory yet.
  func insert(_ messages: [(QueuedMessage, MessageContents)], into queue: Int64) async throws(SQSError) {
    let byteCount = messages.reduce(0) { $0 + $1.1.byteCount }
    guard count + messages.count <= messageCountMax else {
      throw .throttled("The queues hold \(messageCountMax) messages, which is as many as they can.")
    }
    guard uncommittedByteCount + byteCount <= uncommittedByteCountMax else {
      throw .throttled("More messages arrive than the disk takes.")
    }
    count += messages.count
    uncommittedByteCount += byteCount
    defer { uncommittedByteCount -= byteCount }
    do throws(SQSError) {
      try await write { database in
        for (message, contents) in messages { try MessageTable.insert(message, contents, queue, in: database) }
      }
    } catch {
      count -= messages.count
      throw error
    }
    for (message, contents) in messages { remember(message.sequence, contents) }
  }

  /// Returns when the messages are gone for good.
  func delete(_ sequences: [UInt64]) async throws(SQSError) {
    for sequence in sequences { unwritten[sequence] = nil }
    try await write { database in
      for sequence in sequences { try MessageTable.delete(sequence, in: database) }
    }
  }

  /// Moves messages to another queue, as they are.
  /// - Returns: Those that were still there.
  func move(
    _ messages: [QueuedMessage], to queue: Int64, deadLetterSource: String
  ) async throws(SQSError) -> [QueuedMessage] {
    for message in messages { unwritten[message.sequence] = nil }
    let moved = try await write { database in
      try messages.filter {
        try MessageTable.move($0, to: queue, deadLetterSource: deadLetterSource, in: database)
      }
    }
    for message in moved { contents[message.sequence]?.deadLetterSource = deadLetterSource }
    return moved
  }

  /// Makes a new message of each, with a new id, in another queue.
  /// - Returns: Those whose original was still there.
  func replace(
    _ pairs: [(original: QueuedMessage, message: QueuedMessage, contents: MessageContents)], into queue: Int64
  ) async throws(SQSError) -> [QueuedMessage] {
    for pair in pairs { unwritten[pair.original.sequence] = nil }
    let moved = try await write { database in
      try pairs.filter { pair in
        guard try MessageTable.delete(pair.original.sequence, in: database) else { return false }
        try MessageTable.insert(pair.message, pair.contents, queue, in: database)
        return true
      }
    }
    for pair in moved {
      forgetContents(of: pair.original.sequence)
      remember(pair.message.sequence, pair.contents)
    }
    return moved.map(\.message)
  }

  // MARK: Receives

  /// Has a message's present state written soon.
  func noteReceive(_ message: QueuedMessage) {
    unwritten[message.sequence] = message
    guard !isWriteDue else { return }
    isWriteDue = true
    writeTimer.start(after: SQSLimits.receiveWriteDelay)
  }

  /// The contents of messages, from memory or from disk. Those that are gone are missing.
  func contents(of sequences: [UInt64]) async throws(SQSError) -> [UInt64: MessageContents] {
    var found: [UInt64: MessageContents] = [:]
    var absent: [UInt64] = []
    for sequence in sequences {
      if let contents = contents[sequence] { found[sequence] = contents } else { absent.append(sequence) }
    }
    if absent.isEmpty { return found }
    do {
      let read = try await database.read { [absent] in try MessageTable.contents(of: absent, in: $0) }
      found.merge(read) { cached, _ in cached }
      return found
    } catch {
      throw .databaseFailed
    }
  }

  // MARK: In memory

  /// The messages have left their queue.
  func forget(_ sequences: [UInt64]) {
    count -= sequences.count
    for sequence in sequences {
      unwritten[sequence] = nil
      forgetContents(of: sequence)
    }
  }

  /// Some of the originals were no longer there to be replaced.
  func didReplace(originals originalCount: Int, by newCount: Int) { count -= originalCount - newCount }

  /// Deletes what expired, or was left behind, when nobody waits for it; a failure leaves it for the next start.
  func deleteInBackground(_ sequences: [UInt64]) {
    EventLoop.shared.spawn { [self] in try? await delete(sequences) }
  }

  /// Writes what is known and stops.
  func close() async {
    // Starting a timer that is closed does nothing: later receives are only counted in memory.
    writeTimer.close()
    await writeReceives()
  }

  func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(SQSError) -> T {
    do { return try await database.write(body) } catch { throw .databaseFailed }
  }

  private func writeReceivesInBackground() {
    EventLoop.shared.spawn { [self] in await writeReceives() }
  }

  private func writeReceives() async {
    isWriteDue = false
    guard !unwritten.isEmpty else { return }
    let messages = Array(unwritten.values)
    unwritten = [:]
    // A failure costs counts, not messages.
    try? await write { database in
      for message in messages { try MessageTable.updateReceive(message, in: database) }
    }
  }

  private func remember(_ sequence: UInt64, _ contents: MessageContents) {
    let byteCount = contents.byteCount
    guard cachedByteCount + byteCount <= cachedByteCountMax else { return }
    cachedByteCount += byteCount
    self.contents[sequence] = contents
  }

  private func forgetContents(of sequence: UInt64) {
    if let gone = contents.removeValue(forKey: sequence) { cachedByteCount -= gone.byteCount }
  }
}
