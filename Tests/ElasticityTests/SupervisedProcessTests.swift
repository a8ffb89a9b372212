import Elasticity
import EventLoop
import Foundation
import TestSupport
import Testing

@Suite struct SupervisedProcessTests {
  @Test("the ready line is reported, and output reaches the log")
  func ready() async throws {
    try await onLoop {
      let log = Log()
      let process = shell("echo starting; echo 'ready at 1.2.3.4'; exec sleep 1000", log)
      process.start()
      #expect(await process.ready(within: .seconds(20)) == "ready at 1.2.3.4")
      await process.stop(within: .seconds(5))
      #expect(log.lines.starts(with: ["starting", "ready at 1.2.3.4"]))
      #expect(process.processIdentifier == nil)
    }
  }

  @Test("a process that dies is started again")
  func restart() async throws {
    try await onLoop {
      let log = Log()
      let process = shell("echo ready $$; exec sleep 1000", log)
      process.start()
      let first = await process.ready(within: .seconds(20))
      kill(try #require(process.processIdentifier), SIGKILL)
      while process.restartCount == 0 { try await sleep(for: .milliseconds(5)) }
      let second = await process.ready(within: .seconds(20))
      #expect(first != nil && second != nil && first != second)
      await process.stop(within: .seconds(5))
    }
  }

  @Test("a process that ignores SIGTERM is killed when its time is up")
  func stubborn() async throws {
    try await onLoop {
      let log = Log()
      let process = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done", log)
      process.start()
      _ = await process.ready(within: .seconds(20))
      await process.stop(within: .milliseconds(100))
      #expect(process.processIdentifier == nil)
      #expect(log.lines.contains("did not stop in time, killed"))
    }
  }

  @Test("a process that is not ready in time is killed and started again, one that is ready is left alone")
  func notReady() async throws {
    try await onLoop {
      let log = Log()
      let process = shell("exec sleep 1000", log)
      process.specification.readyLimit = .milliseconds(50)
      process.start()
      while process.restartCount == 0 { try await sleep(for: .milliseconds(5)) }
      await process.stop(within: .seconds(5))
      #expect(log.lines.prefix(2) == ["is not ready in time, killed", "ended with signal 9, starting again"])

      let quick = shell("echo ready; exec sleep 1000", log)
      quick.specification.readyLimit = .milliseconds(500)
      quick.start()
      _ = await quick.ready(within: .seconds(20))
      let count = log.lines.count
      try await sleep(for: .milliseconds(600))
      #expect(log.lines.count == count && quick.processIdentifier != nil)
      await quick.stop(within: .seconds(5))
    }
  }

  @Test("an executable that is missing is said so, and stopping does not wait for the next attempt")
  func missing() async throws {
    try await onLoop {
      let log = Log()
      let process = SupervisedProcess(
        .init(name: "x", executable: "/nonexistent", arguments: [], environment: [:], readyPrefix: "ready")
      ) { log.lines.append($0) }
      process.start()
      while log.lines.isEmpty { try await sleep(for: .milliseconds(5)) }
      await process.stop(within: .seconds(5))
      #expect(log.lines[0].contains("ENOENT"))
    }
  }
}

@LoopActor private final class Log {
  var lines: [String] = []
}

@LoopActor private func shell(_ script: String, _ log: Log) -> SupervisedProcess {
  SupervisedProcess(
    .init(
      name: "test", executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"],
      readyPrefix: "ready")
  ) { log.lines.append($0) }
}
