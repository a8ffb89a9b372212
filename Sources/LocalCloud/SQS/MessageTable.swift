import FoundationEssentials
import GRDB

/// The SQL of messages.
enum MessageTable {
  static func insert(
    _ message: QueuedMessage, _ contents: MessageContents, _ queue: Int64, in database: Database
  ) throws {
    let attributes = contents.attributes.isEmpty ? nil : try json(contents.attributes)
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO sqsMessage (sequence, queue, sentAt, visibleAt, receivedAt, receiveCount, receiveCountOnArrival,
          firstReceivedAt, idHigh, idLow, deadLetterSource, traceHeader, attributes, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    let (visibleAt, receivedAt) = times(of: message)
    try statement.execute(arguments: [
      Int64(message.sequence), queue, message.sentAt.milliseconds, visibleAt, receivedAt, message.receiveCount,
      message.receiveCountOnArrival, message.firstReceivedAt?.milliseconds, contents.id.halves.high,
      contents.id.halves.low, contents.deadLetterSource, contents.traceHeader, attributes, contents.body,
    ])
  }

  @discardableResult
  static func delete(_ sequence: UInt64, in database: Database) throws -> Bool {
    try database.cachedStatement(sql: "DELETE FROM sqsMessage WHERE sequence = ?")
      .execute(arguments: [Int64(sequence)])
    return database.changesCount > 0
  }

  static func deleteAll(of queue: Int64, in database: Database) throws {
    try database.execute(sql: "DELETE FROM sqsMessage WHERE queue = ?", arguments: [queue])
  }

  static func move(
    _ message: QueuedMessage, to queue: Int64, deadLetterSource: String, in database: Database
  ) throws -> Bool {
    let statement = try database.cachedStatement(
      sql: """
        UPDATE sqsMessage SET queue = ?, deadLetterSource = ?, visibleAt = ?, receivedAt = NULL, receiveCount = ?,
          receiveCountOnArrival = ?, firstReceivedAt = ?
        WHERE sequence = ?
        """)
    try statement.execute(arguments: [
      queue, deadLetterSource, message.sentAt.milliseconds, message.receiveCount, message.receiveCountOnArrival,
      message.firstReceivedAt?.milliseconds, Int64(message.sequence),
    ])
    return database.changesCount > 0
  }

  static func updateReceive(_ message: QueuedMessage, in database: Database) throws {
    let statement = try database.cachedStatement(
      sql: """
        UPDATE sqsMessage SET visibleAt = ?, receivedAt = ?, receiveCount = ?, firstReceivedAt = ? WHERE sequence = ?
        """)
    let (visibleAt, receivedAt) = times(of: message)
    try statement.execute(arguments: [
      visibleAt, receivedAt, message.receiveCount, message.firstReceivedAt?.milliseconds, Int64(message.sequence),
    ])
  }

  static func contents(of sequences: [UInt64], in database: Database) throws -> [UInt64: MessageContents] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT idHigh, idLow, deadLetterSource, traceHeader, attributes, body FROM sqsMessage WHERE sequence = ?
        """)
    var found: [UInt64: MessageContents] = [:]
    for sequence in sequences {
      guard let row = try Row.fetchOne(statement, arguments: [Int64(sequence)]) else { continue }
      let attributes: String? = row[4]
      found[sequence] = MessageContents(
        id: MessageID(high: row[0], low: row[1]), body: row[5],
        attributes: try attributes.map {
          try JSONDecoder().decode([String: MessageAttribute].self, from: Data($0.utf8))
        } ?? [:],
        traceHeader: row[3], deadLetterSource: row[2])
    }
    return found
  }

  /// Calls `body` with every message and its queue's id.
  static func forEach(
    at now: EpochTime, in database: Database, _ body: (QueuedMessage, _ queue: Int64) -> Void
  ) throws {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT sequence, queue, sentAt, visibleAt, receivedAt, receiveCount, receiveCountOnArrival, firstReceivedAt
        FROM sqsMessage ORDER BY sequence
        """)
    while let row = try rows.next() {
      let sequence: Int64 = row[0]
      let (visibleAt, receivedAt): (Int64, Int64?) = (row[3], row[4])
      var message = QueuedMessage(
        sequence: UInt64(sequence), sentAt: EpochTime(milliseconds: row[2]), receiveCount: row[5],
        receiveCountOnArrival: row[6])
      message.firstReceivedAt = (row[7] as Int64?).map(EpochTime.init(milliseconds:))
      if visibleAt > now.milliseconds {
        let until = EpochTime(milliseconds: visibleAt)
        message.state =
          receivedAt.map { .inFlight(since: EpochTime(milliseconds: $0), until: until) } ?? .delayed(until: until)
      }
      body(message, row[1])
    }
  }

  static func json(_ value: some Encodable) throws -> String {
    String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
  }

  private static func times(of message: QueuedMessage) -> (visibleAt: Int64, receivedAt: Int64?) {
    switch message.state {
    case .visible: (message.sentAt.milliseconds, nil)
    case .delayed(let until): (until.milliseconds, nil)
    case .inFlight(let since, let until): (until.milliseconds, since.milliseconds)
    }
  }
}
