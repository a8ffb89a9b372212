import AWS

extension SQSService {
  // MARK: Creating and deleting

  func createQueue(_ input: SQSInput, _ context: SQSContext) async throws(SQSError) -> SQSOutput {
    guard let name = input.queueName else { throw .missingParameter("QueueName") }
    try QueueName.validate(name)
    let given = input.attributes ?? [:]
    let attributes = try QueueAttributes(given)
    let tags = input.creationTags ?? input.tags ?? [:]
    try checked(tags: tags)
    let queue = try await administration.pass { () async throws(SQSError) -> SQSQueue in
      if let queue = queues[name] {
        if let difference = try queue.attributes.difference(from: given) { throw .queueNameExists(difference) }
        return queue
      }
      guard queues.count < SQSLimits.queueCountMax else {
        throw .throttled("There are \(SQSLimits.queueCountMax) queues, which is as many as there can be.")
      }
      let now = clock.now()
      try checkRedrive(of: attributes, source: arn(of: name))
      var record = QueueRecord(
        id: 0, name: name, attributes: attributes, tags: tags, createdAt: now, modifiedAt: now)
      record.id = try await store.write { [record] in try QueueTable.insert(record, in: $0) }
      let queue = makeQueue(record)
      queues[name] = queue
      refreshRedrive()
      return queue
    }
    return SQSOutput(queueURL: url(of: queue, context))
  }

  /// At once and for good: unlike AWS, which takes up to 60 s and refuses the name meanwhile.
  func deleteQueue(_ input: SQSInput) async throws(SQSError) {
    try await administration.pass { () async throws(SQSError) in
      let queue = try queue(input)
      try await store.write { [id = queue.id] in try QueueTable.delete(id, in: $0) }
      queues[queue.name] = nil
      queue.close(isDeleted: true)
      for task in moveTasks.removeValue(forKey: queue.arn) ?? [] { task.cancel() }
      refreshRedrive()
    }
  }

  func purgeQueue(_ input: SQSInput) async throws(SQSError) {
    let queue = try queue(input)
    try await store.write { [id = queue.id] in try MessageTable.deleteAll(of: id, in: $0) }
    queue.didPurge()
  }

  func makeQueue(_ record: QueueRecord) -> SQSQueue {
    SQSQueue(
      id: record.id, arn: arn(of: record.name), attributes: record.attributes, tags: record.tags,
      createdAt: record.createdAt, modifiedAt: record.modifiedAt, store: store, clock: clock
    ) { [weak self] queue, messages in self?.deadLetter(messages, from: queue) }
  }

  // MARK: Finding

  func queueURL(_ input: SQSInput, _ context: SQSContext) throws(SQSError) -> SQSOutput {
    guard let name = input.queueName else { throw .missingParameter("QueueName") }
    guard let queue = queues[name], input.ownerAccount.map({ $0 == account }) ?? true else { throw .queueDoesNotExist }
    return SQSOutput(queueURL: url(of: queue, context))
  }

  func listQueues(_ input: SQSInput, _ context: SQSContext) throws(SQSError) -> SQSOutput {
    let prefix = input.namePrefix ?? ""
    let (page, nextToken) = try page(queues.values.filter { $0.name.hasPrefix(prefix) }, input)
    let urls = page.map { url(of: $0, context) }
    return SQSOutput(queueURLs: urls.isEmpty ? nil : urls, nextToken: nextToken)
  }

  func listDeadLetterSourceQueues(_ input: SQSInput, _ context: SQSContext) throws(SQSError) -> SQSOutput {
    let target = try queue(input)
    let (page, nextToken) = try page(sources(of: target), input)
    return SQSOutput(sourceQueueURLs: page.map { url(of: $0, context) }, nextToken: nextToken)
  }

  /// One page in the order of names. The token is the last name of the page before, so that a queue that comes or goes
  /// meanwhile shifts nothing.
  private func page(_ queues: [SQSQueue], _ input: SQSInput) throws(SQSError) -> ([SQSQueue], nextToken: String?) {
    let countMax = try checked(
      input.resultCountMax ?? SQSLimits.queuePageCountMax, "MaxResults", 1...SQSLimits.queuePageCountMax)
    var start = ""
    if let token = input.nextToken, !token.isEmpty {
      guard let bytes = Base64.decode(token) else { throw .invalidParameter(token, for: "NextToken", "Invalid token.") }
      start = String(decoding: bytes, as: UTF8.self)
    }
    let rest = queues.filter { $0.name > start }.sorted { $0.name < $1.name }
    let page = Array(rest.prefix(countMax))
    // Without MaxResults AWS gives no token at all.
    let isLast = page.count == rest.count || input.resultCountMax == nil
    return (page, isLast ? nil : page.last.map { Base64.encode(Array($0.name.utf8)) })
  }

  // MARK: Attributes

  func queueAttributes(_ input: SQSInput) throws(SQSError) -> SQSOutput {
    let queue = try queue(input)
    let names = Set(input.attributeNames ?? [])
    for name in names.sorted() where !QueueAttributes.known.contains(name) { throw .invalidAttributeName(name) }
    if names.isEmpty { return SQSOutput() }
    queue.advance()
    var values = queue.attributes.values
    values["QueueArn"] = queue.arn.description
    values["CreatedTimestamp"] = String(queue.createdAt.milliseconds / 1000)
    values["LastModifiedTimestamp"] = String(queue.modifiedAt.milliseconds / 1000)
    values["ApproximateNumberOfMessages"] = String(queue.rules.visibleCount)
    values["ApproximateNumberOfMessagesNotVisible"] = String(queue.rules.inFlightCount)
    values["ApproximateNumberOfMessagesDelayed"] = String(queue.rules.delayedCount)
    values["SqsManagedSseEnabled"] = "false"
    return SQSOutput(attributes: names.contains("All") ? values : values.filter { names.contains($0.key) })
  }

  func setQueueAttributes(_ input: SQSInput) async throws(SQSError) {
    guard let given = input.attributes, !given.isEmpty else { throw .missingParameter("Attributes") }
    try await change(input) { record throws(SQSError) in
      for (name, value) in given.sorted(by: { $0.key < $1.key }) { try record.attributes.set(name, to: value) }
      try checkRedrive(of: record.attributes, source: arn(of: record.name))
      record.modifiedAt = clock.now()
    }
  }

  // MARK: Tags

  func tagQueue(_ input: SQSInput) async throws(SQSError) {
    guard let tags = input.tags, !tags.isEmpty else { throw .missingParameter("Tags") }
    try await change(input) { record throws(SQSError) in
      record.tags.merge(tags) { _, new in new }
      try checked(tags: record.tags)
    }
  }

  func untagQueue(_ input: SQSInput) async throws(SQSError) {
    guard let keys = input.tagKeys, !keys.isEmpty else { throw .missingParameter("TagKeys") }
    try await change(input) { record throws(SQSError) in
      for key in keys { record.tags[key] = nil }
    }
  }

  private func checked(tags: [String: String]) throws(SQSError) {
    guard tags.count <= SQSLimits.tagCountMax else {
      throw .invalidParameter("Too many tags added: at most \(SQSLimits.tagCountMax) are allowed.")
    }
    for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
      guard (1...SQSLimits.tagKeyCharacterCountMax).contains(key.count),
        value.count <= SQSLimits.tagValueCharacterCountMax, !key.lowercased().hasPrefix("aws:")
      else {
        throw .invalidParameter("Tag keys must be between 1 and 128 characters in length, and values at most 256.")
      }
    }
  }

  /// Changes a queue's record on disk first, then in memory.
  private func change(
    _ input: SQSInput, _ body: (inout QueueRecord) throws(SQSError) -> Void
  ) async throws(SQSError) {
    try await administration.pass { () async throws(SQSError) in
      let queue = try queue(input)
      var record = QueueRecord(
        id: queue.id, name: queue.name, attributes: queue.attributes, tags: queue.tags, createdAt: queue.createdAt,
        modifiedAt: queue.modifiedAt)
      try body(&record)
      try await store.write { [record] in try QueueTable.update(record, in: $0) }
      queue.attributes = record.attributes
      queue.tags = record.tags
      queue.modifiedAt = record.modifiedAt
      refreshRedrive(of: queue)
      queue.advance()
    }
  }
}
