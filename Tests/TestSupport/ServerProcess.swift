import EventLoop
import Foundation

/// A server's process. It ends with the test process, however that ends: the kernel sends the signal.
@LoopActor final class ServerProcess {
  private let process: ChildProcess
  private let log: ServerLog

  init(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) throws {
    let log = ServerLog()
    self.log = log
    process = try ChildProcess(
      executable: "setpriv", arguments: ["--pdeathsig", "KILL", executable] + arguments,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
      standardOutput: .lines { log.append($0) }, standardError: .lines { log.append($0) })
    EventLoop.shared.spawn { [process] in
      let status = await process.exit()
      log.end("\(executable) has ended (\(status))")
    }
  }

  /// The first thing `find` finds in the server's output.
  func output<T: Sendable>(_ find: @escaping @LoopActor (String) -> T?) async throws -> T {
    while true {
      let (lines, ended) = await log.next()
      for line in lines { if let found = find(line) { return found } }
      if let ended { throw ServerUnderTest.Unavailable(description: ended + "\n" + log.tail) }
    }
  }
}

/// A server's output as lines that can be awaited.
@LoopActor private final class ServerLog {
  private var unread: [String] = []
  private var ended: String?
  private var waiter: CheckedContinuation<Void, Never>?
  /// The last lines, for the message when a server will not start.
  private var last: [String] = []

  var tail: String { last.joined(separator: "\n") }

  func append(_ line: String) {
    last = last.suffix(19) + [line]
    unread = unread.suffix(999) + [line]
    wake()
  }

  func end(_ why: String) {
    ended = why
    wake()
  }

  func next() async -> (lines: [String], ended: String?) {
    if unread.isEmpty, ended == nil { await withCheckedContinuation { waiter = $0 } }
    defer { unread = [] }
    return (unread, ended)
  }

  private func wake() {
    waiter?.resume()
    waiter = nil
  }
}
