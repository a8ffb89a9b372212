import AWS
import EventLoop
import Foundation
import TestSupport
import Testing

/// The workers of `saccade up`, which follow the queue: real processes, real photos.
@Suite(.serialized, .enabled(if: Fixtures.areComplete, Fixtures.incomplete), .timeLimit(.minutes(5)))
struct FleetTests {
  @Test("a burst of 500 photos takes the fleet from 1 to its maximum and back to 1, and stops no busy worker")
  func burst() async throws {
    try await withTimeline(["--min", "1", "--max", "3"]) { machine, timeline, user in
      #expect(machine.children("saccade-worker").count == 1)
      try await upload(500, user, timeline)
      try await timeline.until { $0.processCount == 1 && $0.fleet.workers.count == 1 }
      let moments = timeline.moments
      #expect(moments.map(\.processCount).max() == 3 && moments.map(\.fleet.wanted).max() == 3)
      #expect(moments.contains { $0.fleet.count("idle", "busy") == 3 })
      #expect(moments.contains { $0.fleet.count("busy") > 1 })
      // What they have said last may come after their end.
      while machine.stops.count < 2 { try await sleep(for: .milliseconds(20)) }
      let stops = machine.stops
      #expect(stops.count == 2 && stops.allSatisfy { $0 == 0 }, "jobs held by the workers that were stopped: \(stops)")
      try expectOnlyIdleDrained(moments)
    }
  }

  @Test("a burst that is larger than the maximum can serve gets exactly the maximum")
  func largerBurst() async throws {
    try await withTimeline(["--max", "2"]) { machine, timeline, user in
      try await upload(500, user, timeline)
      let moments = timeline.moments
      #expect(moments.map(\.processCount).max() == 2 && moments.map(\.fleet.wanted).max() == 2)
      #expect(moments.allSatisfy { $0.fleet.workers.count <= 2 })
      // More than a second's work for them.
      #expect(moments.contains { $0.fleet.queue?.visible ?? 0 > 250 })
      #expect(!machine.log.contains("→ 3 workers"))
    }
  }

  @Test("with --workers there are exactly so many, whatever the queue holds")
  func fixed() async throws {
    try await withTimeline(["--workers", "2"]) { machine, timeline, user in
      #expect(machine.children("saccade-worker").count == 2)
      try await upload(60, user, timeline)
      #expect(timeline.moments.allSatisfy { $0.processCount == 2 && $0.fleet.wanted == 2 })
      #expect(machine.stops.isEmpty)
    }
  }

  @Test("the state is told to who has the token, which only the user can read, and is gone after a clean stop")
  func stateIsTheUsers() async throws {
    try await onLoop {
      let machine = try await Machine.start()
      let timeline = try FleetTimeline(machine)
      #expect(try await timeline.state().status == 200)
      #expect(try await timeline.state(token: "").status == 401)
      #expect(try await timeline.state(token: "0000").status == 401)
      let path = machine.folder.appending(path: "up.json").path
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      timeline.stop()
      #expect(await machine.stop(keepingFolder: true) == .exited(0))
      #expect(!FileManager.default.fileExists(atPath: path))
      try FileManager.default.removeItem(at: machine.folder)
    }
  }

  @Test("saccade status says what runs, for people and for programs, once or again and again")
  func status() async throws {
    try await withTimeline(["--workers", "1"]) { machine, timeline, user in
      _ = try await user.upload(Fixtures.sample("coffee.png"))
      let data = ["--data", machine.folder.path]
      let text = try await Tool.run(Binaries.saccade.path, ["status"] + data)
      let lines = text.output.split(separator: "\n", omittingEmptySubsequences: false)
      print(text.output)
      #expect(text.status == .exited(0) && lines[0].hasPrefix("Saccade is up at \(machine.url) for "))
      #expect(lines.contains { $0.hasPrefix("workers    1 wanted (always 1), 1 ready, ") })
      #expect(lines.contains { $0.hasPrefix("  answer ") && $0.hasSuffix("         1") })

      let json = try await Tool.run(Binaries.saccade.path, ["status", "--json"] + data)
      #expect(json.status == .exited(0) && json.output.count { $0.isNewline } == 1)
      let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
      let workers = try #require(object?["workers"] as? [String: Any])
      let each = try #require(workers["each"] as? [[String: Any]])
      #expect(workers["maximum"] as? Int == 1 && workers["ready"] as? Int == 1)
      #expect((each.first?["pid"] as? Int).map { Int32($0) } == machine.children("saccade-worker").first)
      #expect((object?["queue"] as? [String: Int])?["visible"] == 0)

      let output = Output()
      let watch = try ChildProcess(
        executable: Binaries.saccade.path, arguments: ["status", "--watch"] + data,
        standardOutput: .lines { output.append($0) }, standardError: .lines { output.append($0) })
      for _ in 0..<2 { try await output.line(after: output.lines.count) }
      watch.send(signal: SIGINT)
      #expect(await watch.exit() == .exited(0))
      let shown = "  visible 0  in flight 0  wanted 1  ready 1  "
      #expect(output.lines.allSatisfy { $0.contains(shown) }, "\(output.lines)")
    }
  }

  @Test("saccade status tells when nothing is up, also where a killed process has left its file")
  func nothingUp() async throws {
    try await onLoop {
      let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-test-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      for contents in [nil, "{", #"{"url":"http://127.0.0.1:1","token":"a"}"#] {
        if let contents { try Data(contents.utf8).write(to: folder.appending(path: "up.json")) }
        let run = try await Tool.run(Binaries.saccade.path, ["status", "--data", folder.path])
        #expect(run.status == .exited(1))
        #expect(run.output.hasPrefix("saccade status: nothing that answers is up in \(folder.path);"), "\(run.output)")
      }
    }
  }

  @Test(
    "numbers of workers that make no sense are refused",
    arguments: [
      (["--min", "0"], "--min is 1 to 64"), (["--max", "65"], "--max is 1 to 64"),
      (["--min", "3", "--max", "2"], "--min is more than --max"), (["--workers", "0"], "--workers is 1 to 64"),
      (["--workers", "2", "--max", "4"], "--min and --max go without it"),
      (["--workers", "2", "--min", "1"], "--min and --max go without it"),
    ])
  func usage(arguments: [String], message: String) async throws {
    let run = try await Tool.run(Binaries.saccade.path, ["up"] + arguments)
    #expect(run.status == .exited(64) && run.output.contains(message), "\(run.output)")
  }

  // MARK: Helpers

  private func withTimeline(
    _ arguments: [String],
    _ body: @escaping @Sendable @LoopActor (Machine, FleetTimeline, HTTPUser) async throws -> Void
  ) async throws {
    try await onLoop {
      let machine = try await Machine.start(arguments)
      let user = HTTPUser(machine.url)
      let timeline = try FleetTimeline(machine)
      timeline.start()
      do {
        try await body(machine, timeline, user)
      } catch {
        print(machine.log)
        timeline.stop()
        user.close()
        _ = await machine.stop()
        throw error
      }
      print(timeline.lines.joined(separator: "\n"))
      timeline.stop()
      user.close()
      #expect(await machine.stop() == .exited(0))
    }
  }

  /// Sends so many photos at once, and takes the answer of each.
  @LoopActor private func upload(_ count: Int, _ user: HTTPUser, _ timeline: FleetTimeline) async throws {
    let photographs = Fixtures.files(in: Fixtures.photographs).filter { $0.pathExtension == "JPEG" }
    let photos = photographs.isEmpty ? [Fixtures.sample("rocket.jpg"), Fixtures.sample("coffee.png")] : photographs
    let uploads = (0..<count).map { index in
      EventLoop.shared.start {
        let name = "\(index).jpg"
        let reply = try await user.answer(after: user.upload(photos[index % photos.count], named: name))
        timeline.answeredCount += 1
        return reply.status == 200 && (try? reply.json.name) == name
      }
    }
    for upload in uploads { #expect(try await upload.value) }
    #expect(timeline.answeredCount == count)
  }

  /// Whoever drains was idle, or not ready, when last seen before.
  private func expectOnlyIdleDrained(_ moments: [FleetTimeline.Moment]) throws {
    for (before, after) in zip(moments, moments.dropFirst()) {
      for worker in after.fleet.workers where worker.stage == "draining" {
        let earlier = before.fleet.workers.first { $0.pid == worker.pid }
        #expect(earlier?.stage != "busy" && worker.held == 0, "\(worker.name)")
      }
    }
  }
}
