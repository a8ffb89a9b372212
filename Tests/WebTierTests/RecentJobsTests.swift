import Jobs
import TestSupport
import Testing

@testable import WebTier

@Suite("Jobs queued not long ago")
struct RecentJobsTests {
  let start = ContinuousClock.now
  let ids = (0..<4).map { JobID(digest: [UInt8](repeating: 1, count: 9), day: 1, sibling: $0) }

  @Test("they are remembered for their time, from the last time they were queued")
  func time() {
    var jobs = RecentJobs(lasting: .seconds(10), countMax: 10)
    jobs.insert(ids[0], at: start)
    #expect(jobs.contains(ids[0], at: start + .seconds(9)))
    #expect(!jobs.contains(ids[0], at: start + .seconds(10)))
    #expect(!jobs.contains(ids[1], at: start))
    jobs.insert(ids[0], at: start + .seconds(9))
    // The first deadline passes unnoticed.
    jobs.insert(ids[1], at: start + .seconds(11))
    #expect(jobs.contains(ids[0], at: start + .seconds(12)))
    jobs.remove(ids[0])
    #expect(!jobs.contains(ids[0], at: start + .seconds(12)))
  }

  @Test("no more are remembered than may be; the oldest are forgotten first")
  func bound() {
    var jobs = RecentJobs(lasting: .seconds(10), countMax: 2)
    for id in ids { jobs.insert(id, at: start) }
    #expect(ids.map { jobs.contains($0, at: start) } == [false, false, true, true])
  }
}
