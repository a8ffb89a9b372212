import EventLoop
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct EventLoopTests {
  @Test("loop code runs on the loop's thread, before and after every suspension")
  func staysOnItsThread() async throws {
    #expect(!EventLoop.shared.isCurrent)
    try await onLoop {
      #expect(EventLoop.shared.isCurrent)
      try await sleep(for: .milliseconds(2))
      #expect(EventLoop.shared.isCurrent)
      _ = await EventLoop.shared.offload { Thread.current.hash }
      #expect(EventLoop.shared.isCurrent)
      await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume() }
      }
      #expect(EventLoop.shared.isCurrent)
    }
  }

  @Test("what is put off to the end of a turn runs after all that was ready, and before the loop waits")
  func endOfTurn() async throws {
    let order = try await onLoop {
      var order: [String] = []
      await withCheckedContinuation { continuation in
        EventLoop.shared.atEndOfTurn {
          order.append("end")
          EventLoop.shared.atEndOfTurn {
            order.append("end of the next")
            continuation.resume()
          }
        }
        for name in ["first", "second"] { EventLoop.shared.afterCallback { order.append(name) } }
      }
      return order
    }
    #expect(order == ["first", "second", "end", "end of the next"])
  }

  @Test("jobs that are ready run within a callback when they are asked to")
  func readyJobs() async throws {
    let ran = try await onLoop {
      await withCheckedContinuation { continuation in
        EventLoop.shared.afterCallback {
          let log = Log()
          EventLoop.shared.spawn { log.hasRun = true }
          #expect(!log.hasRun)
          EventLoop.shared.runReadyJobs()
          continuation.resume(returning: log.hasRun)
        }
      }
    }
    #expect(ran)
  }

  @LoopActor private final class Log {
    var hasRun = false
  }

  @Test("a nonisolated async function called from the loop stays on the loop's thread")
  func taskExecutorPreference() async throws {
    nonisolated func elsewhere() async -> Bool {
      await Task.yield()
      return EventLoop.shared.isCurrent
    }
    #expect(try await onLoop { await elsewhere() })
  }

  @Test("blocking work runs on another thread, and its error comes back")
  func offload() async throws {
    struct Refused: Error, Equatable {}
    try await onLoop {
      #expect(await EventLoop.shared.offload { EventLoop.shared.isCurrent } == false)
      await #expect(throws: Refused()) {
        try await EventLoop.shared.offload { () throws(Refused) -> Int in throw Refused() }
      }
    }
  }

  @Test("a hundred pieces of blocking work all complete")
  func offloadMany() async throws {
    let sum = try await onLoop {
      let tasks = (1...100).map { index in EventLoop.shared.start { await EventLoop.shared.offload { index } } }
      var sum = 0
      for task in tasks { sum += try await task.value }
      return sum
    }
    #expect(sum == 5050)
  }

  @Test("timers fire in the order of their deadlines, and a stopped one does not")
  func timers() async throws {
    let order = try await onLoop {
      var order: [Int] = []
      let timers = [3, 1, 2].map { value in
        let timer = LoopTimer { order.append(value) }
        timer.start(after: .milliseconds(value * 5))
        return timer
      }
      let stopped = LoopTimer { order.append(99) }
      stopped.start(after: .milliseconds(1))
      stopped.stop()
      try await sleep(for: .milliseconds(30))
      for timer in timers + [stopped] { timer.close() }
      return order
    }
    #expect(order == [1, 2, 3])
  }

  @Test("a cancelled sleep ends at once")
  func cancelledSleep() async throws {
    try await onLoop {
      let task = EventLoop.shared.start {
        try await sleep(for: .seconds(3600))
      }
      try await sleep(for: .milliseconds(1))
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }

  @Test("wake-ups from many threads lose nothing")
  func wakeUps() async throws {
    let count = try await onLoop {
      let counter = Counter()
      await withCheckedContinuation { continuation in
        for _ in 0..<8 {
          Thread.detachNewThread {
            for _ in 0..<1000 {
              EventLoop.shared.spawn {
                counter.value += 1
                if counter.value == 8000 { continuation.resume() }
              }
            }
          }
        }
      }
      return counter.value
    }
    #expect(count == 8000)
  }

  @Test("a task that never stops asking for turns does not starve timers")
  func fairness() async throws {
    try await onLoop {
      let spinner = EventLoop.shared.start {
        while !Task.isCancelled { await Task.yield() }
      }
      try await sleep(for: .milliseconds(5))
      spinner.cancel()
    }
  }

  @Test("a signal reaches its action")
  func signals() async throws {
    try await onLoop {
      let box = Counter()
      await withCheckedContinuation { continuation in
        let signal = try? LoopSignal(SIGUSR2) {
          box.value += 1
          if box.value == 1 { continuation.resume() }
        }
        box.keep = signal
        kill(getpid(), SIGUSR2)
      }
      (box.keep as? LoopSignal)?.close()
      #expect(throws: UVError.invalidArgument) { try LoopSignal(SIGKILL) {} }
    }
  }

  @Test("every kind of handle, once closed, lets the loop close")
  func noHandleLeaks() async {
    await #expect(processExitsWith: .success) {
      let leaked = try EventLoop.shared.run {
        let timer = LoopTimer {}
        timer.start(after: .seconds(100))
        timer.close()
        let signal = try LoopSignal(SIGUSR1) {}
        signal.close()
        let accepted = Counter()
        let listener = try TCPListener(host: "127.0.0.1", port: 0) { stream in
          stream.startReading()
          accepted.keep = stream
          accepted.value += 1
        }
        let client = try await TCPStream.connect(to: listener.localAddress, timeout: .seconds(5))
        while accepted.value == 0 { try await sleep(for: .milliseconds(1)) }
        client.write([UInt8](repeating: 7, count: 20_000_000))
        client.close()
        (accepted.keep as? TCPStream)?.reset()
        listener.close()
        await #expect(throws: UVError.self) {
          try await TCPStream.connect(to: listener.localAddress, timeout: .seconds(5))
        }
        let child = try ChildProcess(
          executable: "sh", arguments: ["-c", "echo out; echo err >&2"],
          standardOutput: .lines { _ in }, standardError: .lines { _ in })
        _ = await child.exit()
        _ = try? ChildProcess(executable: "/nonexistent", arguments: [], standardOutput: .lines { _ in })
        var pair: [Int32] = [0, 0]
        socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair)
        let poll = try SocketPoll(fileDescriptor: pair[0])
        try poll.start(.readable) { _ in }
        poll.close()
        try await sleep(for: .milliseconds(50))
        return EventLoop.shared.openHandles
      }
      // `run` itself has trapped if `uv_loop_close` returned anything but 0.
      exit(leaked.isEmpty ? 0 : 1)
    }
  }

  @Test("the loop closes even when handles were left open")
  func closesLeftovers() async {
    await #expect(processExitsWith: .success) {
      let leaked = try EventLoop.shared.run {
        let timer = LoopTimer {}
        timer.start(after: .seconds(100))
        _ = try TCPListener(host: "127.0.0.1", port: 0) { _ in }
        return EventLoop.shared.openHandles.sorted()
      }
      exit(leaked == ["tcp", "timer"] ? 0 : 1)
    }
  }
}

/// Mutable state of a test on the loop.
@LoopActor final class Counter {
  var value = 0
  var keep: AnyObject?
  nonisolated init() {}
}
