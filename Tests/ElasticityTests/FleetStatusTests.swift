import Elasticity
import Foundation
import Testing

@Suite struct FleetStatusTests {
  @Test("what is shown is found in the web tier's metrics")
  func metrics() throws {
    let figures = ServiceFigures(metrics: Self.metrics(answered: 30, counts: [10, 20, 30], sum: 1.5))
    #expect(figures.answered == 30 && figures.failed == 2 && figures.refused == 1)
    #expect(figures.pending == 4)
    #expect(figures.answer.buckets.map(\.bound) == [0.1, 0.5, .infinity])
    #expect(figures.answer.count == 30 && figures.answer.mean == 0.05)
    #expect(figures.inference == .init() && figures.inference.mean == nil && figures.inference.quantile(0.5) == nil)
  }

  @Test(
    "text that is no metrics counts nothing",
    arguments: ["", "\n", "x", "# HELP\n", "saccade_images_total{ 1e", " 1\n"])
  func noMetrics(text: String) {
    #expect(ServiceFigures(metrics: text) == ServiceFigures())
  }

  /// https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
  @Test("a quantile is interpolated in its bucket; beyond the last finite bound it is that bound")
  func quantiles() throws {
    let latency = ServiceFigures(metrics: Self.metrics(answered: 30, counts: [10, 20, 30], sum: 1.5)).answer
    #expect(try #require(latency.quantile(1 / 6)) == 0.05)
    #expect(abs(try #require(latency.quantile(0.5)) - 0.3) < 1e-9)
    #expect(latency.quantile(2 / 3) == 0.5)
    #expect(latency.quantile(0.99) == 0.5)
    // Buckets that are empty are passed over.
    let gap = ServiceFigures.Latency(
      buckets: [.init(bound: 1, count: 0), .init(bound: 2, count: 0), .init(bound: 4, count: 2)], sum: 6)
    #expect(gap.quantile(0) == 2 && gap.quantile(0.5) == 3 && gap.quantile(1) == 4)
  }

  @Test("between two looks counts differences, and everything when the process is another one")
  func since() {
    let before = ServiceFigures(metrics: Self.metrics(answered: 10, counts: [10, 10, 10], sum: 0.5))
    let after = ServiceFigures(metrics: Self.metrics(answered: 30, counts: [10, 20, 30], sum: 5.5))
    let difference = after.since(before)
    #expect(difference.answered == 20 && difference.failed == 0)
    #expect(difference.answer.buckets.map(\.count) == [0, 10, 20] && difference.answer.mean == 0.25)
    let other = ServiceFigures(metrics: Self.metrics(node: "b", answered: 7, counts: [7, 7, 7], sum: 0.1))
    #expect(other.since(before) == other)
  }

  @Test("the state survives its JSON, times included")
  func stateJSON() throws {
    let state = Self.machine(queue: .init(visible: 5, inFlight: 3))
    #expect(try MachineState(json: state.json) == state)
    let text = String(decoding: state.json, as: UTF8.self)
    #expect(text.contains(#""startedAt":"2026-01-01T00:00:00Z""#) && text.contains(#""stage":"draining""#))
    #expect(throws: DecodingError.self) { try MachineState(json: Data("{}".utf8)) }
  }

  @Test("a report has the last state, and rates and latencies of the time between the first and the last look")
  func report() throws {
    let report = Self.report(latenciesSinceStart: false)
    #expect(report.workers.wanted == 3 && report.workers.ready == 2 && report.workers.busy == 1)
    #expect(report.workers.starting == 1 && report.workers.draining == 1)
    #expect(report.rates?.answered == 5 && report.rates?.seconds == 4)
    #expect(report.latencies?.answer?.count == 20 && report.latencies?.answer?.mean == 250)
    #expect(report.latencies?.inference == nil)
    #expect(Self.report(latenciesSinceStart: true).latencies?.answer?.count == 30)
    let json = try #require(try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
    #expect((json["queue"] as? [String: Int]) == ["visible": 5, "inFlight": 3])
    #expect((json["workers"] as? [String: Any])?["busy"] as? Int == 1)
    #expect((json["latencies"] as? [String: Any])?["sinceStart"] as? Bool == false)
  }

  @Test("people read queue, workers, rates and latencies in some lines, or in one")
  func text() {
    let now = Date(timeIntervalSince1970: 1_767_225_600 + 3 * 3600 + 125)
    let report = Self.report(latenciesSinceStart: true)
    #expect(
      report.lines(now: now) == [
        "Saccade is up at http://127.0.0.1:8080 for 3 h 2 min",
        "",
        "queue      5 visible, 3 in flight; 4 answers waited for",
        "workers    3 wanted (1 to 4), 2 ready, 1 busy, 1 starting, 1 draining",
        "rates      5.0 answered/s, 0.0 failed/s, 0.0 refused/s (over 4.0 s)",
        "",
        "latency        median      95 %      99 %      mean        of since the start",
        "  answer       300 ms    500 ms    500 ms    183 ms        30",
        "  upload            –",
        "  in queue          –",
        "  inference         –",
        "",
        "worker            pid               holds  restarts",
        "  worker 1         11      busy         3         0",
        "  worker 2         12      idle         0         1",
        "  worker 3          –  starting         0         2",
        "  worker 4         14  draining         1         0",
      ])
    #expect(
      report.line(now: now) == """
        2026-01-01T03:02:05Z  visible 5  in flight 3  wanted 3  ready 2  busy 1  5.0 answered/s  median 300 ms  95 % 500 ms
        """)
  }

  @Test("what is not known is said to be so")
  func unknown() {
    let sample = StatusReport.Sample(at: .now, machine: Self.machine(queue: nil), figures: nil)
    let report = StatusReport([sample], latenciesSinceStart: true)
    #expect(report.rates == nil && report.latencies == nil && report.queue == nil)
    let lines = report.lines(now: report.startedAt)
    #expect(lines.contains("queue      its depth is not known"))
    #expect(lines.contains("rates      the web tier does not answer"))
    #expect(lines[0].hasSuffix(" for 0 s"))
    let early = StatusReport.Sample(at: .now, machine: sample.machine, figures: ServiceFigures())
    let first = StatusReport([early], latenciesSinceStart: false)
    #expect(first.lines(now: first.startedAt).contains("rates      not known yet"))
  }

  // MARK: Helpers

  private static func report(latenciesSinceStart: Bool) -> StatusReport {
    let start = ContinuousClock.now
    let machine = machine(queue: .init(visible: 5, inFlight: 3))
    return StatusReport(
      [
        .init(
          at: start, machine: machine,
          figures: ServiceFigures(metrics: metrics(answered: 10, counts: [10, 10, 10], sum: 0.5))),
        .init(
          at: start + .seconds(4), machine: machine,
          figures: ServiceFigures(metrics: metrics(answered: 30, counts: [10, 20, 30], sum: 5.5))),
      ], latenciesSinceStart: latenciesSinceStart)
  }

  private static func machine(queue: FleetState.Queue?) -> MachineState {
    MachineState(
      pid: 10, startedAt: Date(timeIntervalSince1970: 1_767_225_600), url: "http://127.0.0.1:8080",
      fleet: FleetState(
        queue: queue, minimum: 1, maximum: 4, wanted: 3,
        workers: [
          .init(name: "worker 1", pid: 11, stage: .busy, held: 3, restarts: 0),
          .init(name: "worker 2", pid: 12, stage: .idle, held: 0, restarts: 1),
          .init(name: "worker 3", pid: nil, stage: .starting, held: 0, restarts: 2),
          .init(name: "worker 4", pid: 14, stage: .draining, held: 1, restarts: 0),
        ]))
  }

  /// As `/metrics` has it, less what is passed over.
  private static func metrics(node: String = "a", answered: Int, counts: [Int], sum: Double) -> String {
    """
    # HELP saccade_images_total Images by what came of them.
    # TYPE saccade_images_total counter
    saccade_images_total{outcome="answered"} \(answered)
    saccade_images_total{outcome="failed"} 2
    saccade_images_total{outcome="pending"} 0
    saccade_images_total{outcome="refused"} 1
    # HELP saccade_answer_seconds From a request's head to the bytes of its 200 being handed to the kernel.
    # TYPE saccade_answer_seconds histogram
    saccade_answer_seconds_bucket{le="0.1"} \(counts[0])
    saccade_answer_seconds_bucket{le="0.5"} \(counts[1])
    saccade_answer_seconds_bucket{le="+Inf"} \(counts[2])
    saccade_answer_seconds_sum \(sum)
    saccade_answer_seconds_count \(counts[2])
    saccade_pending_answers 4
    saccade_pending_answers_limit 50000
    saccade_build_info{version="1.0",configuration="debug",node="\(node)"} 1

    """
  }
}
