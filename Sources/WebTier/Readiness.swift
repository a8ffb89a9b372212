import AWS
import EventLoop

/// Whether S3 and SQS answer, asked at most once in a while however often a load balancer asks us.
@LoopActor
final class Readiness {
  private static let validDuration: Duration = .seconds(2)

  private let check: @LoopActor () async throws(AWSError) -> Void
  private var last: (at: ContinuousClock.Instant, failure: String?)?
  private var running: Task<String?, any Error>?
  /// Set when the process stops accepting work.
  var isDraining = false

  /// - Parameter check: Throws when a backend cannot be reached.
  init(check: @escaping @LoopActor () async throws(AWSError) -> Void) { self.check = check }

  /// `nil` when everything is well, else what is wrong.
  func failure() async -> String? {
    if isDraining { return "shutting down" }
    if let last, ContinuousClock.now - last.at < Readiness.validDuration { return last.failure }
    let task = running ?? start()
    return (try? await task.value) ?? nil
  }

  private func start() -> Task<String?, any Error> {
    let task = EventLoop.shared.start { [self] () -> String? in
      var failure: String?
      do throws(AWSError) { try await check() } catch { failure = error.description }
      last = (.now, failure)
      running = nil
      return failure
    }
    running = task
    return task
  }
}
