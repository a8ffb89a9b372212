import EventLoop
import Foundation
import TestSupport
import Testing

/// Several web processes on one port, seen from outside.
@Suite(.serialized, .enabled(if: ServerUnderTest.obstacle(to: .localCloud) == nil))
struct WebGroupTests {
  @Test("two processes share one port, announce it once, and leave no queue behind")
  func shares() async throws {
    try await withGroup { group in
      let children = group.children
      #expect(children.count == 2)
      #expect(try await group.replyQueues().count == 2)
      // The kernel spreads connections by a hash: that all of these come to one process happens once in 2^63 times.
      var nodes: Set<String> = []
      for _ in 0..<64 where nodes.count < 2 { nodes.insert(try #require(try await group.servingNode())) }
      #expect(nodes.count == 2)
      group.send(signal: SIGTERM)
      await group.ended()
      #expect(try await group.replyQueues() == [])
      #expect(group.lines.filter { $0.contains("listening") }.count == 1)
      for child in children { #expect(kill(child, 0) == -1 && errno == ESRCH) }
    }
  }

  @Test("a process that is killed is replaced, and who waited for it is served by the next one")
  func heals() async throws {
    try await withGroup { group in
      let old = group.children
      for child in old { kill(child, SIGKILL) }
      while old.contains(where: { kill($0, 0) == 0 }) { try await sleep(for: .milliseconds(1)) }
      // None of those serves now; the connections wait in the queues of the sockets that the master holds.
      let visitors = (0..<8).map { _ in EventLoop.shared.start { try await Visitor.get("/healthz", group.address) } }
      for visitor in visitors { #expect(try await visitor.value == 200) }
      try await group.children { $0.count == 2 && $0.isDisjoint(with: old) }
    }
  }

  @Test("upgrades under load refuse, reset and lose nothing, on new connections and on kept ones")
  func upgrades() async throws {
    try await withGroup { group in
      let crowd = Crowd(group.address)
      crowd.start(visitors: 4, regulars: 2)
      for round in 0..<2 {
        let old = group.children
        group.send(signal: SIGHUP)
        try await group.line(with: "upgraded", skipping: round)
        try await group.children { $0.count == 2 && $0.isDisjoint(with: old) }
      }
      await crowd.stop()
      #expect(crowd.failures == [] && crowd.answerCount > 100, "\(crowd.answerCount) answers")
      print("\(crowd.answerCount) answers during two upgrades")
      #expect(try await group.replyQueues().count == 2)
    }
  }

  @Test("an upgrade to a binary that does not start leaves the old processes as they are")
  func failedUpgrade() async throws {
    try await withGroup { group in
      let old = group.children
      try FileManager.default.removeItem(at: group.binary)
      try FileManager.default.createSymbolicLink(at: group.binary, withDestinationURL: URL(filePath: "/bin/false"))
      group.send(signal: SIGHUP)
      try await group.line(with: "the upgrade has failed")
      try await group.children { $0 == old }
      #expect(try await Visitor.get("/readyz", group.address) == 200)
      try FileManager.default.removeItem(at: group.binary)
      try FileManager.default.createSymbolicLink(at: group.binary, withDestinationURL: Binaries.saccade)
      group.send(signal: SIGHUP)
      try await group.line(with: "upgraded")
    }
  }

  @Test(
    "a TLS session is resumed at whichever process it arrives, and by those that an upgrade has brought",
    arguments: ["-tls1_2", "-tls1_3"])
  func resumes(version: String) async throws {
    try await TestCertificate.with { certificate in
      let files = certificate.files
      let session = certificate.path("session.pem")
      let options = [
        "--processes", "2", "--tls-certificate", files.certificateChain, "--tls-key", files.key,
      ]
      try await withGroup(options) { group in
        @LoopActor func connect(_ arguments: [String]) async throws -> String {
          let client = ["s_client", "-connect", "\(group.address)", version, "-ign_eof"] + arguments
          let get = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
          let output = try await Tool.run("openssl", client, input: get).output
          #expect(output.contains("HTTP/1.1 200"))
          return output
        }
        #expect(try await connect(["-sess_out", session]).contains("New, TLSv1."))
        // That all of these come to the process of the first happens once in 2^16 times, and passes.
        for _ in 0..<16 { #expect(try await connect(["-sess_in", session]).contains("Reused, TLSv1.")) }
        group.send(signal: SIGHUP)
        try await group.line(with: "upgraded")
        #expect(try await connect(["-sess_in", session]).contains("Reused, TLSv1."))
      }
    }
  }

  @Test("a command line that no process can start with ends the master, saying why once")
  func cannotStart() async throws {
    try await onLoop {
      do {
        let group = try await WebGroup.start(["--processes", "3", "--queue-prefix", "not a prefix"])
        _ = await group.stop()
        Issue.record("it has started")
      } catch let error as Output.Ended {
        #expect(error.description.contains("saccade web ended with exit status 1"))
        #expect(error.description.split(separator: "\n").filter { $0.hasPrefix("Error: ") }.count == 1)
      }
    }
  }

  @Test("a master that is killed takes its processes with it")
  func endsWithMaster() async throws {
    try await onLoop {
      let group = try await WebGroup.start()
      let children = group.children
      group.send(signal: SIGKILL)
      while children.contains(where: isAlive) { try await sleep(for: .milliseconds(10)) }
      // They were asked to end, and have ended well.
      #expect(try await group.replyQueues() == [])
      _ = await group.stop()
    }
  }

  /// Not even a zombie, of which nobody may take notice where there is no init.
  private func isAlive(_ process: Int32) -> Bool {
    processFields("/proc/\(process)").first.map { $0 != "Z" } ?? false
  }

  private func withGroup(
    _ arguments: [String] = ["--processes", "2"], _ body: @escaping @Sendable @LoopActor (WebGroup) async throws -> Void
  ) async throws {
    try await onLoop {
      let group = try await WebGroup.start(arguments)
      do {
        try await body(group)
      } catch {
        print(group.lines.joined(separator: "\n"))
        _ = await group.stop()
        throw error
      }
      #expect(await group.stop() == .exited(0))
    }
  }
}
