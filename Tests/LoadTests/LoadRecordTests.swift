import Foundation
import FoundationXML
import Testing

@testable import Load

@Suite("What is kept of a run")
struct LoadRecordTests {
  @Test("a timeline keeps its bound and loses nothing, however long the run is")
  func timelineBound() {
    var timeline = LatencyTimeline(width: .milliseconds(100), countMax: 10)
    for second in 0..<3600 {
      timeline.record(due: .seconds(second), latency: second % 10 == 0 ? nil : .milliseconds(second))
      #expect(timeline.intervals.count <= 10)
    }
    #expect(timeline.intervals.map(\.answeredCount).reduce(0, +) == 3240)
    #expect(timeline.intervals.map(\.failedCount).reduce(0, +) == 360)
    #expect(timeline.width * 10 >= .seconds(3600))
    let longest = timeline.intervals.last?.milliseconds(atPercentile: 100) ?? 0
    #expect(abs(longest - 3599) < 40)
  }

  @Test("kinds of failure are bounded, and all are counted")
  func failureKinds() {
    var record = LoadRecord()
    for status in 0..<1000 { record.failed(.status(status, code: nil), due: .zero, timeout: .seconds(1)) }
    #expect(record.failures.count <= LoadLimits.failureKindCountMax + 1)
    #expect(record.failures.values.reduce(0, +) == 1000)
    #expect(record.failedCount == 1000)
  }

  @Test("what timed out or was dropped is in the latencies with the timeout, other failures are not")
  func overdue() throws {
    var record = LoadRecord()
    for _ in 0..<98 {
      record.answered(due: .zero, latency: .milliseconds(1), service: .milliseconds(1), byteCount: 1)
    }
    record.failed(.timedOut, due: .zero, timeout: .seconds(60))
    record.dropped(due: .zero, timeout: .seconds(60))
    record.failed(.status(503, code: nil), due: .zero, timeout: .seconds(60))
    #expect((record.answeredCount, record.failedCount, record.droppedCount, record.overdueCount) == (98, 2, 1, 2))
    #expect(record.latency.count == 100)
    #expect(abs((try #require(record.latency.milliseconds(atPercentile: 99))) - 60_000) < 100)
    #expect(record.service.count == 98)
  }

  @Test("percentiles are those of what was recorded, to three digits")
  func percentiles() throws {
    var latencies = Latencies()
    for index in 1...10_000 { latencies.record(.microseconds(index * 10)) }
    for (percentile, expected) in [(50.0, 50.0), (99, 99), (99.9, 99.9), (100, 100)] {
      let found = try #require(latencies.milliseconds(atPercentile: percentile))
      #expect(abs(found - expected) <= expected / 500)
    }
    #expect(Latencies().milliseconds(atPercentile: 50) == nil)
  }

  @Test(
    "labels are read from file names, and compared by WordNet id first",
    arguments: [
      ("n07920052_espresso.JPEG", "espresso", "n07920052", true), ("n02012849_crane.JPEG", "crane", "n03126707", false),
      ("n02012849_crane.JPEG", "crane", nil, true), ("Great_white-shark.jpg", "great white shark", "n01484850", true),
      ("espresso.jpg", "cup", nil, false),
    ] as [(String, String, String?, Bool)])
  func labels(file: String, label: String, id: String?, isRight: Bool) {
    #expect(ExpectedLabel(fileName: file).matches(label: label, wordNetID: id) == isRight)
  }

  @Test("answers are read as text and as JSON; a page of HTML is none")
  func answers() {
    let text = LoadAnswer(contentType: "text/plain; charset=utf-8", body: Array("espresso\n".utf8))
    #expect(text?.classes.map(\.label) == ["espresso"])
    let body = #"{"label":"cup","top":[{"label":"cup","wnid":"n07930864"},{"label":"espresso","wnid":"n07920052"}]}"#
    let json = LoadAnswer(contentType: "application/json", body: Array(body.utf8))
    #expect(json?.classes.map(\.wordNetID) == ["n07930864", "n07920052"])
    #expect(LoadAnswer(contentType: "text/html", body: Array("<p>espresso".utf8)) == nil)
    #expect(LoadAnswer(contentType: "application/json", body: Array("{".utf8)) == nil)
    var record = LoadRecord()
    if let json { record.check(json, against: ExpectedLabel(fileName: "n07920052_espresso.JPEG")) }
    #expect((record.rightCount, record.rightAmongFiveCount, record.checkedCount) == (0, 1, 1))
  }

  @Test("the picture is XML and has both charts, with nothing in it and with much")
  func picture() throws {
    for count in [0, 1, 5000] {
      var record = LoadRecord()
      for index in 0..<count {
        let latency = Duration.milliseconds(index % 97 + 1)
        record.answered(due: .milliseconds(index), latency: latency, service: latency / 2, byteCount: 1)
      }
      if count > 0 { record.failed(.timedOut, due: .seconds(1), timeout: .seconds(60)) }
      var plan = LoadPlan()
      plan.pacing = .open(.poisson, ratePerSecond: 1000)
      let report = LoadReport(
        plan: plan, target: "http://a/?x=<&>", seconds: 5, record: record, inFlight: 0, waiting: 0, busyMax: 1,
        openedConnections: 1, connectionsMax: 1, repeated: 0, sentBytes: 0, receivedBytes: 0, cpuSeconds: 0)
      let document = try XMLDocument(xmlString: report.picture)
      let curves = try document.nodes(forXPath: "//*[local-name()='path'][contains(@class,'curve')]")
      // A sample and, of what there is, a curve for each of p50, p99, longest, since due, since sent.
      #expect(curves.count == (count > 0 ? 10 : 5))
      #expect(try document.nodes(forXPath: "//*[local-name()='path'][@class='failed']").count == (count > 0 ? 1 : 0))
      let object = try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
      #expect(object?["answered"] as? Int == count)
      #expect(report.text.contains("\(count) of \(count > 0 ? count + 1 : 0)"))
    }
  }
}
