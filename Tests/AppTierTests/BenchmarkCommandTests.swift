import EventLoop
import Foundation
import TestSupport
import Testing

@Suite(
  "saccade-worker benchmark",
  .enabled(if: Fixtures.areHere && WorkerProcess.isBuilt, "needs the binary, the model and samples of deploy/bootstrap")
)
struct BenchmarkCommandTests {
  private static let samples = Fixtures.cache + "/samples/"

  @Test("the model alone, decoding alone and both are measured; what is no image is told and left out")
  func measures() async throws {
    let text = FileManager.default.temporaryDirectory.appending(path: "text-\(UUID().uuidString).jpg")
    try Data("no image".utf8).write(to: text)
    defer { try? FileManager.default.removeItem(at: text) }
    let run = try await CommandRun([
      "benchmark", "--json", "--seconds", "1", "--concurrency", "2", Self.samples + "rocket.jpg", text.path,
      Self.samples + "coffee.png",
    ])
    #expect(run.status == .exited(0))
    #expect(run.errors.count == 1 && run.errors[0].hasPrefix(text.path + " is left out: "))
    let report = run.object()
    #expect(report["images"] as? Int == 2)
    #expect(report["concurrency"] as? Int == 2)
    #expect(report["model"] as? String == "efficientnet-lite0")
    for stage in ["modelAlone", "decodingAlone", "withDecoding"] {
      let rate = try #require(report[stage] as? [String: Double])
      #expect(try #require(rate["imagesPerSecond"]) > 0)
      #expect(try #require(rate["cpuMillisecondsPerImage"]) > 0)
    }
  }

  @Test("without an image, or with more than memory is meant for, it says so and measures nothing")
  func refuses() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "sparse-\(UUID().uuidString).jpg")
    try Data("no image".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let none = try await CommandRun(["benchmark", "--seconds", "1", file.path])
    #expect(none.status != .exited(0))
    #expect(none.errors.contains { $0.contains("none of the files is an image") })

    // A file of 2 GiB that takes no disk.
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: 2 << 30)
    try handle.close()
    let much = try await CommandRun(["benchmark", "--seconds", "1", file.path])
    #expect(much.status != .exited(0))
    #expect(much.errors.contains { $0.contains("more than 1 GiB") })
    #expect(much.output.isEmpty)
  }
}
