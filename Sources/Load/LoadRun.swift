import AWS
import DequeModule
package import EventLoop

/// Sends the requests of a plan, and keeps what comes of them.
@LoopActor
package final class LoadRun {
  /// Told of every answer and failure: name of the image, and what the answer says or why there is none.
  package typealias Observer = @LoopActor (_ name: String, _ answer: Result<LoadAnswer?, LoadRunFailure>) -> Void

  private let plan: LoadPlan
  private let target: LoadTarget
  private let images: [LoadImages.Image]
  private let head: LoadImages.Head
  private let connector: Connector
  private let gate = OpeningGate(countMax: LoadLimits.openingCountMax)
  private let connections = ConnectionFigures()
  private let observer: Observer?
  private let start = ContinuousClock.now
  private var record = LoadRecord()

  private var clients: [LoadClient] = []
  private var idle: [LoadClient] = []
  /// Clients that are busy, with a request or with waiting before one.
  private var busyCount = 0
  private var busyCountMax = 0
  /// Requests that were begun, or dropped.
  private var issuedCount = 0
  private var nextImage = 0
  private var end: ContinuousClock.Instant?
  private var completion: CheckedContinuation<Void, Never>?
  private var isOver = false

  // The open loop.
  private var clock: ArrivalClock?
  private var nextDue: Duration = .zero
  private var waiting: Deque<ContinuousClock.Instant> = []
  private var tick: LoopTimer?

  /// - Parameter head: What the images' requests were made with.
  package init(
    _ plan: LoadPlan, images: LoadImages, head: LoadImages.Head, observer: Observer? = nil
  ) {
    precondition(!images.images.isEmpty && plan.connectionCount > 0)
    self.plan = plan
    self.head = head
    target = head.target
    self.images = images.images
    self.observer = observer
    connector = Connector(authorityFile: plan.authorityFile)
  }

  /// Returns when every request has come to something, or after `stop()`.
  package func run() async -> LoadReport {
    await withCheckedContinuation { continuation in
      completion = continuation
      begin()
    }
    return report
  }

  /// Ends the run at once. What is under way counts as interrupted.
  package func stop() {
    guard !isOver else { return }
    isOver = true
    record.interrupted(busyCount + waiting.count)
    tick?.close()
    tick = nil
    end = .now
    for client in clients { client.close() }
    completion?.resume()
    completion = nil
  }

  /// As far as it has come.
  package var report: LoadReport {
    LoadReport(
      plan: plan, target: target.text, seconds: ((end ?? .now) - start) / .seconds(1), record: record,
      inFlight: isOver ? 0 : busyCount, waiting: isOver ? 0 : waiting.count, busyMax: busyCountMax,
      openedConnections: connections.openedCount, connectionsMax: connections.openCountMax,
      repeated: connections.repeatedCount, sentBytes: connections.sentByteCount,
      receivedBytes: connections.receivedByteCount, cpuSeconds: ProcessorTime.seconds)
  }

  private func begin() {
    switch plan.pacing {
    case .closed:
      let count = min(plan.connectionCount, plan.requestCount ?? .max)
      for _ in 0..<count where !isOver { next(makeClient()) }
    case .open(let spacing, let rate):
      var clock = ArrivalClock(spacing, ratePerSecond: rate, seed: plan.seed)
      nextDue = clock.next()
      self.clock = clock
      tick = LoopTimer { [unowned self] in arrivals() }
      arrivals()
    }
  }

  private func makeClient() -> LoadClient {
    let connection = LoadConnection(
      to: target.origin, by: connector, gate: gate, figures: connections, bytesPerSecond: plan.bytesPerSecond)
    let client = LoadClient(connection)
    clients.append(client)
    return client
  }

  /// Whether a request that is due then is to be sent.
  private func isWanted(at due: Duration) -> Bool {
    if let requestCount = plan.requestCount, issuedCount >= requestCount { return false }
    if let duration = plan.duration, due >= duration { return false }
    return true
  }

  // MARK: Closed loop

  private func next(_ client: LoadClient) {
    guard isWanted(at: .now - start) else { return finishIfDone() }
    issue(client, due: .now)
  }

  // MARK: Open loop

  /// Begins what is due, and comes again when the next one is.
  private func arrivals() {
    while isWanted(at: nextDue), start + nextDue <= .now {
      arrive(due: start + nextDue)
      nextDue = clock?.next() ?? nextDue
    }
    dropLate()
    if isWanted(at: nextDue) {
      tick?.start(after: max(.zero, start + nextDue - .now))
    } else if let first = waiting.first {
      tick?.start(after: max(.zero, first + plan.timeout - .now))
    } else {
      finishIfDone()
    }
  }

  private func arrive(due: ContinuousClock.Instant) {
    if let client = idle.popLast() ?? (clients.count < plan.connectionCount ? makeClient() : nil) {
      issue(client, due: due)
    } else {
      issuedCount += 1
      if waiting.count < LoadLimits.waitingCountMax { waiting.append(due) } else { drop(due) }
    }
  }

  /// What cannot be answered in time any more is not begun.
  private func dropLate() {
    while let due = waiting.first, due + plan.timeout <= .now {
      waiting.removeFirst()
      drop(due)
    }
  }

  private func drop(_ due: ContinuousClock.Instant) {
    if due - start < plan.warmUp {
      record.countWarmUp()
    } else {
      record.dropped(due: due - start, timeout: plan.timeout)
    }
  }

  private func release(_ client: LoadClient) {
    dropLate()
    if let due = waiting.popFirst() {
      issuedCount -= 1
      return issue(client, due: due)
    }
    idle.append(client)
    if !isWanted(at: nextDue) { finishIfDone() }
  }

  // MARK: A request

  private func issue(_ client: LoadClient, due: ContinuousClock.Instant) {
    issuedCount += 1
    busyCount += 1
    busyCountMax = max(busyCountMax, busyCount)
    client.image = nextImage
    nextImage = (nextImage + 1) % images.count
    client.due = due
    client.begun = .now
    client.connection.send(images[client.image].request, by: due + plan.timeout) { [unowned self, unowned client] in
      ended(client, $0)
    }
  }

  private func ended(_ client: LoadClient, _ result: Result<LoadResponse, LoadFailure>) {
    switch result {
    case .success(let response) where response.status == 202 && plan.isAsynchronous: poll(client, response)
    case .success(let response):
      do throws(LoadFailure) { complete(client, try answer(in: response)) } catch { fail(client, error) }
    case .failure(let failure): fail(client, failure)
    }
  }

  /// - Returns: nil where nobody reads it.
  private func answer(in response: LoadResponse) throws(LoadFailure) -> LoadAnswer? {
    let type = response.headers["content-type"]
    guard response.status == 200 else {
      if response.status == 202 { throw .pending }
      throw .status(response.status, code: LoadAnswer.problemCode(contentType: type, body: response.body))
    }
    guard plan.checksLabels || observer != nil else { return nil }
    guard let answer = LoadAnswer(contentType: type, body: response.body) else { throw .unreadable }
    return answer
  }

  private func complete(_ client: LoadClient, _ answer: LoadAnswer?) {
    let (image, now) = (images[client.image], ContinuousClock.now)
    if client.due - start < plan.warmUp {
      record.countWarmUp()
    } else {
      record.answered(
        due: client.due - start, latency: now - client.due, service: now - client.begun,
        byteCount: image.fileByteCount)
      if plan.checksLabels, let answer { record.check(answer, against: image.expected) }
    }
    observer?(image.name, .success(answer))
    finished(client)
  }

  private func fail(_ client: LoadClient, _ failure: LoadFailure) {
    if client.due - start < plan.warmUp {
      record.countWarmUp()
    } else {
      record.failed(failure, due: client.due - start, timeout: plan.timeout)
    }
    observer?(images[client.image].name, .failure(LoadRunFailure(description: failure.kind)))
    guard case .connecting = failure else { return finished(client) }
    client.wait(LoadLimits.reconnectDelay) { [self] in finished(client) }
  }

  private func finished(_ client: LoadClient) {
    guard !isOver else { return }
    busyCount -= 1
    if clock == nil { next(client) } else { release(client) }
  }

  private func finishIfDone() {
    guard busyCount == 0, waiting.isEmpty, !isOver else { return }
    stop()
  }

  // MARK: Answers that come later

  private func poll(_ client: LoadClient, _ response: LoadResponse) {
    guard let location = response.headers["location"].flatMap(target.path(of:)) else { return fail(client, .pending) }
    let path = location.prefix { $0 != "?" } + "?wait=\(LoadLimits.resultWaitSeconds)"
    let pause = response.headers["retry-after"].flatMap { Int($0) }.map { .seconds($0) } ?? LoadLimits.pollInterval
    guard .now + pause < client.due + plan.timeout else { return fail(client, .timedOut) }
    let request = Array("GET \(path) HTTP/1.1\r\n\(head.fields())\r\n".utf8)
    client.wait(pause) { [self] in
      client.connection.send(request, by: client.due + plan.timeout) { [unowned self, unowned client] in
        ended(client, $0)
      }
    }
  }
}

/// Why a request has no answer, in words.
package struct LoadRunFailure: Error, Sendable, CustomStringConvertible {
  package let description: String
}
