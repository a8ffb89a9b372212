import AWS
import EventLoop

/// How many messages a queue holds, asked of SQS at most once in a while, however many want to know.
@LoopActor
final class QueueWatch {
  struct Depth: Codable, Equatable {
    var visible: Int
    var inFlight: Int
  }

  private static let visible = "ApproximateNumberOfMessages"
  private static let inFlight = "ApproximateNumberOfMessagesNotVisible"

  private let sqs: SQSClient
  private let pause: Duration
  private let url: @LoopActor () async throws(AWSError) -> String
  private var lastLook: ContinuousClock.Instant?
  private var task: Task<Void, Never>?

  /// As of the last look; `nil` before it, and when it failed.
  private(set) var depth: Depth?
  /// Why it is not known.
  private(set) var failure: String?

  /// - Parameters:
  ///   - pause: From one look to the next, at least.
  ///   - url: The queue's.
  init(sqs: SQSClient, pause: Duration, url: @escaping @LoopActor () async throws(AWSError) -> String) {
    self.sqs = sqs
    self.pause = pause
    self.url = url
  }

  /// Begins a look if it is time for one; nobody waits for it.
  func look(at now: ContinuousClock.Instant) {
    if task != nil { return }
    if let lastLook, now - lastLook < pause { return }
    lastLook = now
    task = EventLoop.shared.spawn { [self] in
      await read()
      task = nil
    }
  }

  /// What was last seen is too old to be shown: nobody has looked for long.
  func forget() {
    guard task == nil else { return }
    depth = nil
    failure = nil
  }

  /// Ends a look that is under way.
  func close() async {
    task?.cancel()
    await task?.value
  }

  private func read() async {
    do throws(AWSError) {
      let attributes = try await sqs.queueAttributes(of: try await url(), [QueueWatch.visible, QueueWatch.inFlight])
      depth = Depth(
        visible: attributes[QueueWatch.visible].flatMap { Int($0) } ?? 0,
        inFlight: attributes[QueueWatch.inFlight].flatMap { Int($0) } ?? 0)
      failure = nil
    } catch {
      depth = nil
      failure = error.description
    }
  }
}
