import EventLoop

extension SQSService {
  func startMessageMoveTask(_ input: SQSInput) throws(SQSError) -> SQSOutput {
    let source = try moveSource(input)
    guard !sources(of: source).isEmpty else {
      throw .invalidParameter("Source queue must be configured as a Dead Letter Queue.")
    }
    var destination: SQSQueue?
    if let text = input.destinationARN {
      guard let queue = QueueARN(text).flatMap({ queue(of: $0) }) else {
        throw .resourceNotFound("The resource that you specified for the DestinationArn parameter doesn't exist.")
      }
      guard queue !== source else {
        throw .invalidParameter("Source queue arn and destination queue arn are the same.")
      }
      destination = queue
    }
    let rate = try input.messagesPerSecondMax.map { rate throws(SQSError) in
      try checked(rate, "MaxNumberOfMessagesPerSecond", SQSLimits.moveRateRange)
    }
    var tasks = moveTasks[source.arn] ?? []
    guard !tasks.contains(where: \.isActive) else {
      throw .unsupported("There is already a task running. Only one active task is allowed for a source queue arn.")
    }
    let task = MessageMoveTask(
      source: source.arn, destination: destination?.arn, messagesPerSecondMax: rate, startedAt: clock.now(),
      toMoveCount: source.rules.visibleCount)
    tasks.append(task)
    moveTasks[source.arn] = Array(tasks.suffix(SQSLimits.moveTaskCountMax))
    EventLoop.shared.spawn { [self] in await run(task, on: source) }
    return SQSOutput(taskHandle: task.handle)
  }

  func listMessageMoveTasks(_ input: SQSInput) throws(SQSError) -> MoveTaskList {
    let source = try moveSource(input)
    let countMax = try checked(input.resultCountMax ?? 1, "MaxResults", 1...SQSLimits.moveTaskCountMax)
    return MoveTaskList(
      results: (moveTasks[source.arn] ?? []).reversed().prefix(countMax).map { task in
        MoveTaskList.Entry(
          taskHandle: task.isActive ? task.handle : nil, status: task.status.rawValue,
          sourceARN: task.source.description, destinationARN: task.destination?.description,
          messagesPerSecondMax: task.messagesPerSecondMax, movedCount: task.movedCount, toMoveCount: task.toMoveCount,
          failureReason: task.failureReason, startedAt: task.startedAt.milliseconds)
      })
  }

  func cancelMessageMoveTask(_ input: SQSInput) throws(SQSError) -> SQSOutput {
    guard let handle = input.taskHandle else { throw .missingParameter("TaskHandle") }
    guard let task = moveTasks.values.joined().first(where: { $0.handle == handle }), task.isActive else {
      throw .resourceNotFound("Task does not exist or is no longer active.")
    }
    task.cancel()
    return SQSOutput(movedCount: task.movedCount)
  }

  private func moveSource(_ input: SQSInput) throws(SQSError) -> SQSQueue {
    guard let text = input.sourceARN else { throw .missingParameter("SourceArn") }
    guard let arn = QueueARN(text) else { throw .invalidParameter(text, for: "SourceArn", "Not the ARN of a queue.") }
    guard let queue = queue(of: arn) else {
      throw .resourceNotFound("The resource that you specified for the SourceArn parameter doesn't exist.")
    }
    return queue
  }

  /// Moves what is visible, batch by batch, until nothing is.
  private func run(_ task: MessageMoveTask, on source: SQSQueue) async {
    let batchCountMax = min(SQSLimits.moveBatchCountMax, task.messagesPerSecondMax ?? .max)
    while task.status == .running, !source.isDeleted {
      let messages = source.takeVisible(batchCountMax)
      if messages.isEmpty { break }
      do throws(SQSError) {
        try await move(messages, for: task, from: source)
      } catch {
        return task.fail(error.queryCode)
      }
      guard let rate = task.messagesPerSecondMax else { continue }
      try? await sleep(for: .seconds(1) * messages.count / rate)
    }
    task.finish()
  }

  /// A moved message is a new one: another id, sent now, never received (AWS: "redriven messages are considered new").
  /// - Throws: After it has put back what it could not move.
  private func move(
    _ messages: [QueuedMessage], for task: MessageMoveTask, from source: SQSQueue
  ) async throws(SQSError) {
    var rest = Dictionary(uniqueKeysWithValues: messages.map { ($0.sequence, $0) })
    do throws(SQSError) {
      var contents = try await store.contents(of: messages.map(\.sequence))
      let lost = messages.map(\.sequence).filter { contents[$0] == nil }
      store.forget(lost)
      for sequence in lost { rest[sequence] = nil }
      while !rest.isEmpty {
        let target = try destination(of: rest.keys.min().flatMap { contents[$0] }, task)
        let originals = messages.filter { message in
          rest[message.sequence] != nil
            && (task.destination != nil || contents[message.sequence]?.deadLetterSource == target.arn.description)
        }
        let pairs = originals.compactMap { original in
          contents.removeValue(forKey: original.sequence).map { contents in
            var contents = contents
            contents.id = .random()
            contents.deadLetterSource = nil
            return (original, QueuedMessage(sequence: store.nextSequence(), sentAt: clock.now()), contents)
          }
        }
        let moved = try await store.replace(pairs, into: target.id)
        store.didReplace(originals: originals.count, by: moved.count)
        for original in originals { rest[original.sequence] = nil }
        target.add(moved)
        task.didMove(moved.count)
      }
    } catch {
      source.add(messages.filter { rest[$0.sequence] != nil })
      throw error
    }
  }

  private func destination(of contents: MessageContents?, _ task: MessageMoveTask) throws(SQSError) -> SQSQueue {
    guard let arn = task.destination ?? contents?.deadLetterSource.flatMap({ QueueARN($0) }) else {
      throw SQSError("CouldNotDetermineMessageSource", "The message was not moved here from another queue.")
    }
    guard let queue = queue(of: arn) else { throw .queueDoesNotExist }
    return queue
  }
}
