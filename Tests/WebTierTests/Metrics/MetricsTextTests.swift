import AWS
import Glibc
import Testing

@testable import WebTier

@Suite("Metrics text")
struct MetricsTextTests {
  @Test("a value falls into the bucket of the first bound that is not below it")
  func buckets() throws {
    for (index, bound) in Histogram.bounds.enumerated() {
      for (value, place) in [(bound.nextDown, index), (bound, index), (bound.nextUp, index + 1)] {
        var histogram = Histogram()
        histogram.observe(value)
        let counts = histogram.cumulative.map(\.count)
        #expect(counts == Histogram.bounds.indices.map { $0 >= place ? 1 : 0 })
        #expect(histogram.count == 1)
        #expect(histogram.sum == value)
      }
    }
  }

  @Test("quantiles lie evenly in their bucket, and no value is beyond the last bound")
  func quantiles() {
    var histogram = Histogram()
    #expect(histogram.quantile(0.5) == nil && histogram.mean == nil)
    for _ in 0..<10 { histogram.observe(0.007) }
    #expect(abs((histogram.quantile(0.5) ?? 0) - 0.0075) < 1e-12)
    #expect(abs((histogram.mean ?? 0) - 0.007) < 1e-12)
    let before = histogram
    for _ in 0..<4 { histogram.observe(1000) }
    #expect(histogram.quantile(0.95) == Histogram.bounds.last)
    let since = histogram.since(before)
    #expect(since.count == 4 && since.mean == 1000 && since.quantile(0.01) == Histogram.bounds.last)
    #expect(histogram.since(histogram).quantile(0.5) == nil)
  }

  @Test("a time that two clocks make negative counts as none")
  func negative() {
    var histogram = Histogram()
    histogram.observe(-3)
    #expect(histogram.cumulative.first?.count == 1)
    #expect(histogram.sum == 0)
  }

  @Test("durations become seconds to the nanosecond")
  func seconds() {
    for duration: Duration in [.zero, .nanoseconds(1), .microseconds(123_456), .seconds(86_400), .milliseconds(-5)] {
      #expect(abs(duration.inSeconds - duration / .seconds(1)) < 1e-9)
    }
  }

  @Test("texts of several processes become one: each family once, described by the first, with the samples of all")
  func merged() throws {
    func text(_ process: String, _ counts: [String: Int]) -> String {
      var text = MetricsText(commonLabels: [("process", process)])
      for (name, count) in counts.sorted(by: { $0.key < $1.key }) { text.add(name, .gauge, "Of \(process).", count) }
      var histogram = Histogram()
      histogram.observe(0.2)
      text.add("wait_seconds", "A wait.", histogram)
      return text.text
    }
    let merged = MetricsText.merged([text("0", ["a": 1, "b": 2]), text("1", ["b": 3, "c": 4])])
    let parsed = try PrometheusText(parsing: merged)
    #expect(parsed["a", ["process": "0"]] == 1 && parsed["a", ["process": "1"]] == nil)
    #expect(parsed["b", ["process": "0"]] == 2 && parsed["b", ["process": "1"]] == 3)
    #expect(parsed["c", ["process": "1"]] == 4)
    for process in ["0", "1"] {
      #expect(parsed["wait_seconds_bucket", ["le": "0.25", "process": process]] == 1)
    }
    #expect(merged.contains("# HELP b Of 0.\n") && !merged.contains("# HELP b Of 1."))
    #expect(MetricsText.merged([merged]) == merged)
    #expect(MetricsText.merged([]) == "" && MetricsText.merged(["a 1\n"]) == "")
  }

  @Test("a histogram is written as scrapers want it")
  func histogram() throws {
    var histogram = Histogram()
    for value in [0.0005, 0.003, 0.003, 0.2, 99] { histogram.observe(value) }
    var text = MetricsText()
    text.add("wait_seconds", "A wait.", histogram)
    let parsed = try PrometheusText(parsing: text.text)
    #expect(parsed["wait_seconds_bucket", ["le": "0.001"]] == 1)
    #expect(parsed["wait_seconds_bucket", ["le": "0.005"]] == 3)
    #expect(parsed["wait_seconds_bucket", ["le": "60.0"]] == 4)
    #expect(parsed["wait_seconds_bucket", ["le": "+Inf"]] == 5)
    #expect(abs((parsed["wait_seconds_sum"] ?? 0) - 99.2065) < 1e-9)
  }

  @Test("labels hold anything", arguments: ["\"", "\\", "a\nb", "}", "\\n", "ä,\"=\"", ""])
  func labels(value: String) throws {
    var text = MetricsText()
    text.add("x_total", .counter, "With \\ and\nline.", [(labels: [("a", value), ("b", "2")], value: 7)])
    #expect(try PrometheusText(parsing: text.text)["x_total", ["a": value, "b": "2"]] == 7)
  }

  @Test(
    "the parser that judges refuses what is wrong",
    arguments: [
      "x 1\n", "# TYPE x gauge\nx 1\n", "# HELP x y\n# TYPE x gauge\nx 1", "# HELP x y\n# TYPE x gauge\nz 1\n",
      "# HELP x y\n# TYPE x gauge\nx 1\nx 1\n", "# HELP x y\n# TYPE x gauge\nx NaN\n",
      "# HELP x y\n# TYPE x gauge\nx{a=\"1\" 1\n", "# HELP x y\n# TYPE x counter\nx 1\n",
      "# HELP h y\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 0\nh_count 1\n",
      "# HELP h y\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 0\nh_count 1\n",
      "# HELP h y\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 0\nh_count 2\n",
    ])
  func judge(text: String) {
    #expect(throws: PrometheusText.Violation.self) { try PrometheusText(parsing: text) }
  }

  @Test("the figures of the process are its own")
  func process() throws {
    var text = MetricsText()
    ProcessFigures().add(to: &text)
    let before = try PrometheusText(parsing: text.text)
    #expect(try #require(before["process_resident_memory_bytes"]) > 1_048_576)
    #expect(try #require(before["process_cpu_seconds_total"]) > 0)
    let start = try #require(before["process_start_time_seconds"])
    #expect(start > 1.7e9 && start <= Double(time(nil)) + 1)
    let descriptors = (0..<40).map { _ in dup(2) }
    defer { for descriptor in descriptors { close(descriptor) } }
    var more = MetricsText()
    ProcessFigures().add(to: &more)
    let openCount = try #require(try PrometheusText(parsing: more.text)["process_open_fds"])
    // Other suites open and close some meanwhile.
    #expect(openCount - (before["process_open_fds"] ?? 0) > 20)
  }

  @Test(
    "a call costs what the price list says of a thousand or a million of them",
    arguments: [
      ("s3", "PutObject", 5.0), ("s3", "ListObjectsV2", 5), ("s3", "UploadPart", 5), ("s3", "GetObject", 0.4),
      ("s3", "HeadBucket", 0.4), ("s3", "DeleteObject", 0), ("sqs", "SendMessageBatch", 0.4),
      ("sqs", "ReceiveMessage", 0.4),
    ])
  func prices(service: String, operation: String, dollarsPerMillion: Double) {
    #expect(abs(AWSPrices.dollars(service: service, operation: operation) * 1e6 - dollarsPerMillion) < 1e-9)
  }

  @Test("what the service failed to do is not charged")
  func charges() {
    #expect(AWSCallCounters.Outcome.allCases.filter(AWSPrices.isCharged) == [.succeeded, .refused, .unanswered])
  }
}
