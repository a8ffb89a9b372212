import Jobs
import Testing

@testable import AppTier

@Suite("The jobs done last")
struct RecentJobsTests {
  @Test("as many as may be are remembered, the oldest is forgotten first, and a second mention counts for nothing")
  func bound() throws {
    var random = SystemRandomNumberGenerator()
    var generator = JobIDGenerator()
    let ids = (0..<4).map { generator.next(millisecondsSince1970: $0, using: &random) }
    var recent = RecentJobs(countMax: 3)
    for id in [ids[0], ids[1], ids[0], ids[2]] { recent.insert(id) }
    #expect(ids.map(recent.contains) == [true, true, true, false])
    recent.insert(ids[3])
    #expect(ids.map(recent.contains) == [false, true, true, true])
  }
}
