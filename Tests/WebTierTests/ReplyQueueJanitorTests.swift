import EventLoop
import Foundation
import Jobs
import TestSupport
import Testing

@testable import WebTier

@Suite("Which reply queues are dead")
struct ReplyQueueJanitorTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private let start = SuspendingClock.now
  private let limits = ReplyQueueLimits()
  private let names = try! QueueNames(prefix: "saccade")

  @Test("a queue is dead when two looks, some heartbeats apart, find the same old mark")
  func dead() throws {
    var janitor = makeJanitor()
    let queue = url(age: 3600)
    let tags = marked(age: 1800)
    #expect(janitor.isDead(queue, tags: tags, now: now, at: start) == false)
    #expect(janitor.isDead(queue, tags: tags, now: now, at: start + limits.confirmDuration - .seconds(1)) == false)
    #expect(janitor.isDead(queue, tags: tags, now: now, at: start + limits.confirmDuration) == true)
    #expect(janitor.suspectCount == 0)
  }

  @Test("a process whose clock is an hour behind changes its mark, and lives")
  func skewed() {
    var janitor = makeJanitor()
    let queue = url(age: 7200)
    for minute in 0..<100 {
      let tags = marked(age: 3600 - minute * 60)
      let isDead = janitor.isDead(queue, tags: tags, now: now, at: start + .seconds(minute * 600))
      #expect(!isDead)
    }
  }

  @Test("a mark from the future is alive")
  func future() {
    var janitor = makeJanitor()
    for look in 0..<3 {
      #expect(
        janitor.isDead(url(age: 7200), tags: marked(age: -7200), now: now, at: start + .seconds(look * 600)) == false)
    }
    #expect(janitor.suspectCount == 0)
  }

  @Test("a suspect that is marked again is alive, and a later suspicion begins anew")
  func recovers() {
    var janitor = makeJanitor()
    let queue = url(age: 7200)
    #expect(janitor.isDead(queue, tags: marked(age: 1800), now: now, at: start) == false)
    #expect(janitor.isDead(queue, tags: marked(age: 10), now: now, at: start + .seconds(600)) == false)
    #expect(janitor.isDead(queue, tags: marked(age: 1800), now: now, at: start + .seconds(1200)) == false)
    #expect(janitor.isDead(queue, tags: marked(age: 1800), now: now, at: start + .seconds(1800)) == true)
  }

  @Test("a queue without a mark, or with one that is no time, is dead a day after its creation and no sooner")
  func untagged() {
    for tags in [[:], ["owner": "us"], [ReplyQueueMark.key: "soon"]] {
      var janitor = makeJanitor()
      let day = 24 * 3600
      for (age, isDead) in [(day - 60, false), (day + 60, true)] {
        let queue = url(age: age)
        _ = janitor.isDead(queue, tags: tags, now: now, at: start)
        #expect(janitor.isDead(queue, tags: tags, now: now, at: start + .seconds(600)) == isDead)
      }
    }
  }

  @Test("only reply queues of this installation that are old enough are looked at, and never our own")
  func candidates() {
    var janitor = makeJanitor()
    let own = url(age: 3600)
    let old = url(age: 3601)
    let others = [
      url(age: 60), own, base + "saccade-requests", base + "saccade-dead", base + "saccade-replies-",
      base + "saccade-replies-mine", old.replacing("saccade-replies", with: "another-replies"), old + "x", "nonsense",
    ]
    #expect(round(&janitor, others + [old], own: own) == [old])
  }

  @Test("a round looks at so many queues at most, at suspects first, and by chance at the others")
  func bounded() {
    var janitor = makeJanitor()
    let queues = (0..<1000).map { url(age: 3600 + $0) }
    let first = round(&janitor, queues)
    #expect(first.count == limits.lookCountMax && Set(first).count == first.count)
    #expect(first != Array(queues.prefix(limits.lookCountMax)))
    for queue in first.prefix(30) { _ = janitor.isDead(queue, tags: marked(age: 3600), now: now, at: start) }
    #expect(Set(round(&janitor, queues).prefix(30)) == Set(first.prefix(30)))
    // Suspects that have gone are forgotten.
    _ = round(&janitor, Array(queues.suffix(1)))
    #expect(janitor.suspectCount <= 1)
  }

  @Test("no more suspects are remembered than a round can look at")
  func suspectsBounded() {
    var janitor = makeJanitor()
    for age in 0..<(limits.lookCountMax + 50) {
      _ = janitor.isDead(url(age: 3600 + age), tags: marked(age: 3600), now: now, at: start)
    }
    #expect(janitor.suspectCount == limits.lookCountMax)
  }

  // MARK: Helpers

  private let base = "http://127.0.0.1:9000/000000000000/"

  private func makeJanitor() -> ReplyQueueJanitor { ReplyQueueJanitor(names: names, limits: limits) }

  private func round(_ janitor: inout ReplyQueueJanitor, _ queues: [String], own: String = "") -> [String] {
    var generator = SplitMix64(seed: 7)
    return janitor.round(queues, own: own, now: now, using: &generator)
  }

  private func url(age seconds: Int) -> String { base + names.repliesPrefix + nodeID(age: seconds, at: now) }

  private func marked(age seconds: Int) -> [String: String] { ReplyQueueMark.tags(at: now - Double(seconds)) }
}

/// The id of a process that started so long ago.
func nodeID(age seconds: Int, at now: Date) -> String {
  var generator = JobIDGenerator()
  var random = SystemRandomNumberGenerator()
  let start = now.timeIntervalSince1970 - Double(seconds)
  return generator.next(millisecondsSince1970: Int64(start * 1000), using: &random).description
}
