import Testing

@testable import WebTier

@Suite("Workers by their answers")
struct WorkerTableTests {
  private let start = ContinuousClock.now

  private func table(countMax: Int = 3) -> WorkerTable {
    var limits = ActivityLimits()
    limits.workerCountMax = countMax
    limits.workerKeptDuration = .seconds(60)
    return WorkerTable(limits: limits)
  }

  @Test("answers are counted, and their inference averaged over the last ones")
  func mean() throws {
    var table = table()
    for _ in 0..<10 { table.observe("a", inference: 8, at: start) { "net" } }
    table.observe("a", inference: nil, at: start) { "net" }
    table.observe("b", inference: nil, at: start) { nil }
    let seen = table.seen(at: start)
    #expect(seen.map(\.name) == ["a", "b"] && seen.map(\.entry.answerCount) == [11, 1])
    #expect(seen.map(\.entry.model) == ["net", nil] && seen.map(\.entry.meanInference) == [8, nil])
    for _ in 0..<400 { table.observe("a", inference: 20, at: start) { "net" } }
    let mean = try #require(table.seen(at: start).first?.entry.meanInference)
    #expect(abs(mean - 20) < 0.01)
  }

  @Test("the whole answer is read only of a worker that is new, or was not looked at for a while")
  func model() {
    var table = table()
    var readCount = 0
    for second in 0..<25 {
      table.observe("a", inference: 1, at: start + .seconds(second)) {
        readCount += 1
        return "net-\(readCount)"
      }
    }
    #expect(readCount == 3)
    #expect(table.seen(at: start + .seconds(25)).first?.entry.model == "net-3")
  }

  @Test("who is silent for long is forgotten, and a full table takes no more")
  func bounds() {
    var table = table(countMax: 3)
    for (second, name) in ["a", "b", "c", "d"].enumerated() {
      table.observe(name, inference: 1, at: start + .seconds(second)) { nil }
    }
    #expect(table.seen(at: start + .seconds(4)).map(\.name) == ["a", "b", "c"])
    // The first has been silent for longer than anybody may be: its place is free.
    table.observe("e", inference: 1, at: start + .seconds(61)) { nil }
    #expect(table.seen(at: start + .seconds(61)).map(\.name) == ["b", "c", "e"])
    #expect(table.seenCount(at: start + .seconds(1000)) == 0)
  }
}
