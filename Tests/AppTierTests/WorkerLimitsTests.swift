import Testing

@testable import AppTier

@Suite("The worker's bounds")
struct WorkerLimitsTests {
  @Test("a job that fails is hidden eight times as long each time, up to a quarter of an hour")
  func retryDelay() {
    let limits = WorkerLimits(concurrency: 1)
    let delays = [0, 1, 2, 3, 4, 5, 1000].map { limits.retryDelay(receiveCount: $0) }
    #expect(delays == [5, 5, 40, 320, 900, 900, 900].map { Duration.seconds($0) })
  }

  @Test("what is held ahead grows with the cores and stays small")
  func prefetch() {
    #expect([1, 2, 8].map { WorkerLimits(concurrency: $0).prefetchCount } == [4, 6, 18])
    #expect([1, 2, 8].map { WorkerLimits(concurrency: $0, batchSize: 4).prefetchCount } == [7, 12, 42])
  }

  @Test("a job is extended at least twice before it would become visible")
  func visibility() {
    let limits = WorkerLimits(concurrency: 1)
    // Half time, and a heartbeat's twelfth that it may come late; the client's own timeouts fit into the rest.
    #expect(limits.visibilityTimeout / 2 + limits.visibilityTimeout / 12 <= .seconds(35))
  }
}
