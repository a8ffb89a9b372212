import AWS
import EventLoop
import FoundationEssentials
import Jobs
import Logging

/// Removes the reply queues that dead processes have left behind: the calls and pauses around ``ReplyQueueJanitor``.
@LoopActor
final class ReplyQueueCleaner {
  private let sqs: SQSClient
  private let names: QueueNames
  private let own: ReplyQueue
  private let limits: ReplyQueueLimits
  private let logger: Logger
  private var janitor: ReplyQueueJanitor
  private var random = SystemRandomNumberGenerator()
  private var task: Task<Void, Never>?
  /// Since the start.
  private(set) var roundCount = 0

  init(sqs: SQSClient, names: QueueNames, own: ReplyQueue, limits: ReplyQueueLimits, logger: Logger) {
    self.sqs = sqs
    self.names = names
    self.own = own
    self.limits = limits
    self.logger = logger
    janitor = ReplyQueueJanitor(names: names, limits: limits)
  }

  func start() { task = EventLoop.shared.spawn { try? await self.run() } }

  func stop() async {
    task?.cancel()
    await task?.value
  }

  private func run() async throws(CancellationError) {
    try await sleep(for: limits.startDelayMax * Double.random(in: 0...1, using: &random))
    while true {
      do {
        try await clean()
      } catch let error as AWSError {
        if !error.isCancellation { logger.warning("reply queues left behind cannot be looked for: \(error)") }
      } catch {
        throw CancellationError()
      }
      roundCount += 1
      try await sleep(for: limits.roundInterval * Double.random(in: 0.75...1.25, using: &random))
    }
  }

  /// One round. Its first failed call ends it: what fails is asked again at the next round, not at once.
  private func clean() async throws {
    let listed = try await list()
    var deletedCount = 0
    defer { if deletedCount > 0 { logger.notice("removed \(deletedCount) reply queues of processes that are gone") } }
    for url in janitor.round(listed, own: own.url, now: Date(), using: &random) {
      try await sleep(for: limits.callInterval)
      do throws(AWSError) {
        let tags = try await sqs.queueTags(url)
        guard janitor.isDead(url, tags: tags, now: Date(), at: .now) else { continue }
        try await sqs.deleteQueue(url)
        deletedCount += 1
      } catch {
        // Its process has ended, or another was faster.
        if error.serviceError?.isQueueMissing != true { throw error }
      }
    }
  }

  private func list() async throws -> [String] {
    var urls: [String] = []
    var token: String?
    for _ in 0..<limits.pageCountMax {
      let page = try await sqs.listQueues(prefix: names.repliesPrefix, nextToken: token)
      urls += page.queueURLs
      token = page.nextToken
      if token == nil { break }
      try await sleep(for: limits.callInterval)
    }
    return urls
  }
}
