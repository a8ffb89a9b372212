import EventLoop

extension SQSService {
  func arn(of name: String) -> QueueARN { QueueARN(region: region, account: account, name: name) }

  /// The queues that name this one as their dead-letter queue.
  func sources(of target: SQSQueue) -> [SQSQueue] {
    queues.values.filter { $0.attributes.redrivePolicy?.target == target.arn }
  }

  func queue(of arn: QueueARN) -> SQSQueue? { queues[arn.name].flatMap { $0.arn == arn ? $0 : nil } }

  func checkRedrive(of attributes: QueueAttributes, source: QueueARN) throws(SQSError) {
    guard let policy = attributes.redrivePolicy else { return }
    guard let target = queue(of: policy.target) else {
      throw .invalidParameter(policy.json, for: "RedrivePolicy", "Dead letter target does not exist.")
    }
    guard target.attributes.redriveAllowPolicy?.allows(source) ?? true else {
      throw .invalidParameter(
        policy.json, for: "RedrivePolicy",
        "Queue does not have permission to use this dead letter queue; please check the RedriveAllowPolicy.")
    }
  }

  /// A queue whose dead-letter queue is gone keeps its messages.
  func refreshRedrive(of queue: SQSQueue) {
    let policy = queue.attributes.redrivePolicy
    queue.receiveCountMax = policy.flatMap { self.queue(of: $0.target) == nil ? nil : $0.receiveCountMax }
  }

  func refreshRedrive() {
    for queue in queues.values where queue.attributes.redrivePolicy != nil { refreshRedrive(of: queue) }
  }

  /// Moves what was received too often: same id, same time of sending, same contents.
  func deadLetter(_ messages: [QueuedMessage], from queue: SQSQueue) {
    let arrivals = messages.map { message in
      var message = message
      message.move(to: .visible)
      message.receiveCountOnArrival = message.receiveCount
      return message
    }
    EventLoop.shared.spawn { [self] in
      do throws(SQSError) {
        guard let policy = queue.attributes.redrivePolicy, let target = self.queue(of: policy.target) else {
          throw .queueDoesNotExist
        }
        let moved = try await store.move(arrivals, to: target.id, deadLetterSource: queue.arn.description)
        let ids = Set(moved.map(\.sequence))
        store.forget(arrivals.map(\.sequence).filter { !ids.contains($0) })
        target.add(moved)
      } catch {
        // They stay where they were, and are tried again after the queue's visibility timeout: not in a tight loop.
        let now = clock.now()
        let pause = Duration.seconds(max(1, queue.attributes.visibilityTimeoutSeconds))
        queue.add(
          messages.map { message in
            var message = message
            message.move(to: .inFlight(since: now, until: now + pause))
            return message
          })
      }
    }
  }
}
