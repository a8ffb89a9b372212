package import EventLoop
import Glibc
package import Logging

/// Runs a group of processes on one port: the sockets, timers and child processes around ``PreforkPlan``.
///
/// It holds the sockets but never listens or accepts; its children's standard output and error are its own.
@LoopActor
package final class PreforkMaster {
  package struct Specification: Sendable {
    /// Started anew from its path each time, so that a replaced binary takes over.
    package var executable: String
    package var arguments: [String]
    package var environment: [String: String]
    package var host: String
    /// 0 lets the system choose.
    package var port: Int
    package var processCount: Int
    package var limits = PreforkLimits()
    /// Asked for each process, for what it and its like alone are to know.
    package var secret: (@Sendable @LoopActor () -> [UInt8])?
    /// What the processes present to each other.
    package var peerToken: String

    package init(
      executable: String, arguments: [String], environment: [String: String], host: String, port: Int,
      processCount: Int, peerToken: String
    ) {
      self.executable = executable
      self.arguments = arguments
      self.environment = environment
      self.host = host
      self.port = port
      self.processCount = processCount
      self.peerToken = peerToken
    }
  }

  /// One started process and the timer of what is expected of it.
  private struct Child {
    let process: ChildProcess
    let timer: LoopTimer
  }

  private let specification: Specification
  private let logger: Logger
  private let announce: @LoopActor (String) -> Void
  private let address: SocketAddress
  private var sockets: [InheritableSocket]
  /// On the loopback address, by slot: always the same, since every process knows all ports.
  private var peerSockets: [InheritableSocket] = []
  private var plan: PreforkPlan
  private var children: [PreforkPlan.ID: Child] = [:]
  private var readyLine = ""
  private var status: Int32?
  private var finished: CheckedContinuation<Int32, Never>?

  /// Takes the port.
  /// - Parameter announce: Called once, when every process is ready, with what the first of them has said.
  /// - Throws: `EADDRINUSE` and what else `bind` says.
  package init(
    _ specification: Specification, logger: Logger, announce: @escaping @LoopActor (String) -> Void
  ) throws(UVError) {
    self.specification = specification
    self.logger = logger
    self.announce = announce
    plan = PreforkPlan(processCount: specification.processCount, limits: specification.limits)
    // SO_REUSEPORT lets another group of this user join unnoticed; a bind without it does not.
    let probe = try InheritableSocket(host: specification.host, port: specification.port, isShared: false)
    probe.close()
    let first = try InheritableSocket(host: specification.host, port: specification.port, isShared: true)
    address = first.localAddress
    sockets = [first]
    do throws(UVError) {
      for _ in 1..<specification.processCount { sockets.append(try bind()) }
      for _ in 0..<specification.processCount {
        peerSockets.append(try InheritableSocket(host: "127.0.0.1", port: 0, isShared: false))
      }
    } catch {
      for socket in sockets + peerSockets { socket.close() }
      throw error
    }
  }

  /// Starts the group and returns its exit status when no process is left.
  package func run() async -> Int32 {
    perform(plan.start(at: .now))
    if let status { return status }
    return await withCheckedContinuation { finished = $0 }
  }

  /// Replaces every process by a new one, without refusing a connection.
  package func upgrade() { perform(plan.upgrade(at: .now)) }

  /// Lets every process finish what is in flight; called again, it kills them.
  package func stop() { perform(plan.stop()) }

  // MARK: Actions

  private func perform(_ actions: [PreforkPlan.Action]) {
    for action in actions {
      switch action {
      case .spawn(let id, let slot): spawn(id, in: slot)
      case .terminate(let id): terminate(id)
      case .kill(let id): children[id]?.process.send(signal: SIGKILL)
      case .restart(let slot, let delay): restart(slot, after: delay)
      case .renewSocket(let slot): renewSocket(of: slot)
      case .closeSockets: for socket in sockets + peerSockets { socket.close() }
      case .announce: announce(readyLine)
      case .note(let note): log(note)
      case .finish(let status):
        self.status = status
        finished?.resume(returning: status)
      }
    }
  }

  private func spawn(_ id: PreforkPlan.ID, in slot: Int) {
    var environment = specification.environment
    environment[supervisorVariable] = String(getpid())
    environment[PreforkChild.slotVariable] = String(slot)
    let process: ChildProcess
    do throws(UVError) {
      var further: [ChildProcess.Output] = [
        .descriptor(sockets[slot].descriptor), .lines { [self] in ready(id, $0) },
      ]
      let secret = try specification.secret.map { (secret) throws(UVError) in try SecretPipe(secret()) }
      defer { secret?.close() }
      if let secret {
        environment[PreforkChild.secretVariable] = String(PreforkChild.secretDescriptor)
        further.append(.descriptor(secret.descriptor))
      }
      let peers = try SecretPipe(
        PreforkPeers.handOver(token: specification.peerToken, ports: peerSockets.map(\.localAddress.port)))
      defer { peers.close() }
      environment[PreforkChild.peersVariable] = String(Int(PreforkChild.socketDescriptor) + further.count)
      further += [.descriptor(peerSockets[slot].descriptor), .descriptor(peers.descriptor)]
      process = try ChildProcess(
        executable: specification.executable, arguments: specification.arguments, environment: environment,
        further: further,
        // Ctrl-C is the master's to hand on.
        ownSession: true)
    } catch {
      logger.error("cannot start \(specification.executable): \(error)")
      // Later, as an end comes: the plan is in the middle of its actions.
      EventLoop.shared.spawn { [self] in perform(plan.ended(id, .exited(127), at: .now)) }
      return
    }
    let timer = LoopTimer { [self] in perform(plan.readyTimedOut(id)) }
    timer.start(after: specification.limits.readyDuration)
    children[id] = Child(process: process, timer: timer)
    EventLoop.shared.spawn { [self] in
      let status = await process.exit()
      perform(plan.ended(id, status, at: .now))
      children.removeValue(forKey: id)?.timer.close()
    }
  }

  private func ready(_ id: PreforkPlan.ID, _ line: String) {
    children[id]?.timer.stop()
    if readyLine.isEmpty { readyLine = line }
    perform(plan.ready(id, at: .now))
  }

  private func terminate(_ id: PreforkPlan.ID) {
    guard let child = children[id] else { return }
    child.timer.close()
    let process = child.process
    let timer = LoopTimer { [logger] in
      logger.error("process \(process.processIdentifier) did not end in time and is killed")
      process.send(signal: SIGKILL)
    }
    timer.start(after: specification.limits.stopDuration)
    children[id] = Child(process: process, timer: timer)
    process.send(signal: SIGTERM)
  }

  private func restart(_ slot: Int, after delay: Duration) {
    EventLoop.shared.spawn { [self] in
      // Nobody cancels it: the plan knows by then whether it is still wanted.
      try? await sleep(for: delay)
      perform(plan.restartDue(slot: slot, at: .now))
    }
  }

  private func renewSocket(of slot: Int) {
    do throws(UVError) {
      let socket = try bind()
      sockets[slot].close()
      sockets[slot] = socket
    } catch {
      logger.error("the address \(address) cannot be bound again: \(error)")
    }
  }

  private func bind() throws(UVError) -> InheritableSocket {
    try InheritableSocket(host: address.host, port: address.port, isShared: true)
  }

  private func log(_ note: PreforkPlan.Note) {
    switch note {
    case .ended(let id, let status): logger.error("process \(name(id)) ended with \(status)")
    case .notReadyInTime(let id): logger.error("process \(name(id)) is not ready in time")
    case .upgrading: logger.notice("upgrading: new processes start")
    case .upgraded: logger.notice("upgraded: the old processes finish what is in flight")
    case .upgradeFailed: logger.error("the upgrade has failed; the old processes go on")
    }
  }

  private func name(_ id: PreforkPlan.ID) -> String {
    children[id].map { String($0.process.processIdentifier) } ?? "that did not start"
  }
}
