import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Elasticity

/// The built binary.
@Suite struct PlanCommandTests {
  @Test("--print-policy prints the canonical form, and what it prints is a policy")
  func printPolicy() async throws {
    let printed = try await plan("--print-policy")
    #expect(printed.status == .exited(0))
    #expect(printed.output == ElasticityPolicy.standard.json + "\n")
    let other = try await plan("--print-policy", "--policy", "threshold-1")
    #expect(other.output == ElasticityPolicy.thresholdOne.json + "\n")
    try await inFolder { folder in
      let file = folder.appending(path: "mine.json").path
      try printed.output.write(toFile: file, atomically: true, encoding: .utf8)
      let again = try await plan("--print-policy", "--policy", file, "--min", "2", "--max", "3")
      var expected = ElasticityPolicy.standard
      expected.minimum = 2
      expected.maximum = 3
      #expect(again.output == expected.json + "\n")
    }
  }

  @Test("policies are compared in a table, in JSON and in a picture, and the speed is said")
  func comparison() async throws {
    let arguments = ["--arrivals", "burst:2000", "--arrivals", "poisson:20", "--duration", "600"]
    let table = try await plan(arguments)
    #expect(table.status == .exited(0))
    for text in ["burst of 2000: 2000 images", "Poisson, 20 images/s", "threshold-1", "arrivals simulated in"] {
      #expect(table.output.contains(text))
    }
    try await inFolder { folder in
      let picture = folder.appending(path: "fleet.svg")
      let json = try await plan(arguments + ["--json", "--svg", picture.path])
      let entries = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
      #expect(entries?.map { $0["policy"] as? String } == ["default", "threshold-1", "default", "threshold-1"])
      #expect(try String(contentsOf: picture, encoding: .utf8).hasPrefix("<svg "))
    }
  }

  @Test("a trace file is played")
  func trace() async throws {
    try await inFolder { folder in
      let file = folder.appending(path: "trace.csv").path
      try "0,10\n5\n600,20\n".write(toFile: file, atomically: true, encoding: .utf8)
      let result = try await plan("--arrivals", "trace:\(file)", "--policy", "default")
      #expect(result.output.contains("31 images"))
    }
  }

  @Test(
    "what cannot be planned is said in words, with the status of a wrong command line",
    arguments: [
      (["--arrivals", "sine:3"], "'sine:3' is none of constant:RATE"),
      (["--arrivals", "trace:/nonexistent"], "'/nonexistent' is no file of at most 4 GiB that can be read."),
      (["--arrivals", "trace:/dev/zero"], "'/dev/zero' is no file of at most 4 GiB that can be read."),
      (["--policy", "/nonexistent"], "It is neither default nor threshold-1 nor a file that can be read."),
      (["--policy", "/dev/zero"], "It is too long for a policy."),
      (["--policy", "/dev/null"], "The policy is not JSON."),
      (["--arrivals", "constant:1000000", "--duration", "1000000"], "too many for a plan"),
      (["--duration", "20000000", "--arrivals", "constant:1", "--period", "0.01"], "too many of the policy's periods"),
      (["--duration=-1"], "--duration is a number from 0 on."), (["--boot-time", "5000"], "The boot time is 0 to"),
      (["--min", "5", "--max", "4"], "--min is at most --max."), (["--protection", "soon"], "--protection"),
      (["--concurrency", "0"], "--concurrency is 1 to 1024."),
      (["--instance-hour-price=-1"], "A price is 0 to a million."),
      (["--print-policy", "--policy", "default", "--policy", "default"], "--print-policy prints one policy."),
      (["--arrivals", "burst:10", "--svg", "/nonexistent/a.svg"], "--svg /nonexistent/a.svg:"),
    ])
  func refusals(arguments: [String], message: String) async throws {
    let result = try await plan(arguments)
    #expect(result.status == .exited(64))
    #expect(result.output.contains(message), "\(result.output)")
  }

  private func plan(_ arguments: String...) async throws -> Tool.Result { try await plan(arguments) }

  private func plan(_ arguments: [String]) async throws -> Tool.Result {
    try await Tool.run(Binaries.saccade.path, ["plan"] + arguments)
  }

  private func inFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "plan-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }
}
