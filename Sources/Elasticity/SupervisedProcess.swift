package import EventLoop
import Glibc

/// One process that should be running: started, watched, started again when it dies, stopped when told to.
@LoopActor
package final class SupervisedProcess {
  package struct Specification: Sendable {
    /// Stands before each line of its output.
    package var name: String
    package var executable: String
    package var arguments: [String]
    package var environment: [String: String]
    /// A line of its standard output that begins so says that it is ready.
    package var readyPrefix: String
    /// A process that has not said so by then is killed, to be started again; `nil` waits for it.
    package var readyLimit: Duration?

    package init(
      name: String, executable: String, arguments: [String], environment: [String: String], readyPrefix: String,
      readyLimit: Duration? = nil
    ) {
      self.name = name
      self.executable = executable
      self.arguments = arguments
      self.environment = environment
      self.readyPrefix = readyPrefix
      self.readyLimit = readyLimit
    }
  }

  /// A process that dies at once is started again after 0.2 s, then 0.4 s, up to this.
  private static let restartDelayMax: Duration = .seconds(10)
  /// A process that ran so long was well; its next death starts the delays anew.
  private static let healthyDuration: Duration = .seconds(30)

  /// A change counts from the next start on: a port that was free to choose is then the one that was chosen.
  package var specification: Specification
  package private(set) var restartCount = 0
  /// Sees each line of its standard output first, and says whether the log takes it, too.
  package var onOutput: (@LoopActor (String) -> Bool)?
  /// Told when the process has ended by itself and is started again after a pause.
  package var onDeath: (@LoopActor () -> Void)?
  private let log: @LoopActor (String) -> Void
  private var child: ChildProcess?
  private var isStopping = false
  private var readyLine: String?
  private var readyWaiters: [CheckedContinuation<String?, Never>] = []
  private var monitor: Task<Void, Never>?
  private var restartPause: Task<Void, any Error>?

  /// - Parameter log: Takes each line of the process's output, and what is to be said about the process itself.
  package init(_ specification: Specification, log: @escaping @LoopActor (String) -> Void) {
    self.specification = specification
    self.log = log
  }

  package var processIdentifier: Int32? { child?.exitStatus == nil ? child?.processIdentifier : nil }

  package func start() {
    monitor = EventLoop.shared.spawn { [self] in await run() }
  }

  /// Waits for the ready line; `nil` when `limit` passes, the process is stopped or the task is
  /// cancelled before.
  package func ready(within limit: Duration) async -> String? {
    if let readyLine { return readyLine }
    if isStopping { return nil }
    let timer = LoopTimer { [self] in resumeWaiters(with: nil) }
    timer.start(after: limit)
    defer { timer.close() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { readyWaiters.append($0) }
    } onCancel: {
      EventLoop.shared.spawn { [self] in resumeWaiters(with: nil) }
    }
  }

  /// Asks the process to end with SIGTERM, once, and makes it end with SIGKILL after `limit`. Returns when it has ended.
  package func stop(within limit: Duration) async {
    let isFirst = !isStopping
    isStopping = true
    restartPause?.cancel()
    resumeWaiters(with: nil)
    if isFirst { child?.send(signal: SIGTERM) }
    let timer = LoopTimer { [self] in
      log("did not stop in time, killed")
      child?.send(signal: SIGKILL)
    }
    timer.start(after: limit)
    await monitor?.value
    timer.close()
  }

  private func run() async {
    var delay: Duration = .milliseconds(200)
    while !isStopping {
      let startedAt = ContinuousClock.now
      do throws(UVError) {
        let child = try launch()
        self.child = child
        let timer = LoopTimer { [self] in
          guard readyLine == nil else { return }
          log("is not ready in time, killed")
          child.send(signal: SIGKILL)
        }
        if let limit = specification.readyLimit { timer.start(after: limit) }
        let status = await child.exit()
        timer.close()
        readyLine = nil
        if isStopping { return }
        log("ended with \(status), starting again")
        onDeath?()
      } catch {
        log("cannot start \(specification.executable): \(error)")
      }
      if ContinuousClock.now - startedAt > SupervisedProcess.healthyDuration { delay = .milliseconds(200) }
      let pause = EventLoop.shared.start { [delay] in try await sleep(for: delay) }
      restartPause = pause
      _ = await pause.result
      delay = min(delay * 2, SupervisedProcess.restartDelayMax)
      restartCount += 1
    }
  }

  private func launch() throws(UVError) -> ChildProcess {
    var environment = specification.environment
    environment[supervisorVariable] = String(getpid())
    return try ChildProcess(
      executable: specification.executable, arguments: specification.arguments, environment: environment,
      standardOutput: .lines { [self] line in
        if readyLine == nil, line.hasPrefix(specification.readyPrefix) {
          readyLine = line
          resumeWaiters(with: line)
        }
        if onOutput?(line) ?? true { log(line) }
      },
      standardError: .lines { [self] line in log(line) },
      ownSession: true)
  }

  private func resumeWaiters(with line: String?) {
    let waiters = readyWaiters
    readyWaiters = []
    for waiter in waiters { waiter.resume(returning: line) }
  }
}
