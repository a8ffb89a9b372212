package import EventLoop

/// Which processes of a group on one port run, and which are to start and to end.
///
/// The group has a number of slots, each with a listening socket and a process. An upgrade starts a successor in each
/// slot, which listens on the slot's own socket, and ends the old processes only when every successor is ready. The
/// first process of a start or an upgrade goes ahead alone: what is wrong with the configuration is then said once.
///
/// A value without I/O or clock. Each event returns what is to be done.
package struct PreforkPlan: Sendable {
  /// A process, by a number that is never given again.
  package typealias ID = Int

  package enum Action: Sendable, Equatable {
    case spawn(ID, slot: Int)
    /// SIGTERM, and SIGKILL when the process does not end in time.
    case terminate(ID)
    case kill(ID)
    /// ``PreforkPlan/restartDue(slot:at:)`` is to be called after the delay.
    case restart(slot: Int, after: Duration)
    /// The slot's socket is to be given up, with the connections in its queue, for a new one that does not listen.
    case renewSocket(slot: Int)
    /// Connections are to be refused as soon as the processes have closed their listeners.
    case closeSockets
    /// The group serves, all of it for the first time.
    case announce
    case note(Note)
    /// No process is left; the exit status of the group.
    case finish(Int32)
  }

  /// What an operator wants to know.
  package enum Note: Sendable, Equatable {
    case ended(ID, ExitStatus)
    case notReadyInTime(ID)
    case upgrading
    case upgraded
    case upgradeFailed
  }

  private struct Process {
    let slot: Int
    let startedAt: ContinuousClock.Instant
    var isReady = false
    var isRetiring = false
  }

  private struct Slot {
    var current: ID?
    var successor: ID?
    /// Deaths in a row, none of which came after a healthy life.
    var deathCount = 0
  }

  private enum Phase {
    case starting, serving, upgrading, stopping
  }

  private let limits: PreforkLimits
  private var processes: [ID: Process] = [:]
  private var slots: [Slot]
  private var phase = Phase.starting
  private var isUpgradeWanted = false
  private var status: Int32 = 0
  private var nextID = 0

  /// - Parameter processCount: 1 to ``PreforkLimits/processCountMax``.
  package init(processCount: Int, limits: PreforkLimits = PreforkLimits()) {
    precondition((1...PreforkLimits.processCountMax).contains(processCount))
    self.limits = limits
    slots = Array(repeating: Slot(), count: processCount)
  }

  // MARK: Events

  package mutating func start(at now: ContinuousClock.Instant) -> [Action] { [spawn(in: 0, at: now)] }

  /// A process serves.
  package mutating func ready(_ id: ID, at now: ContinuousClock.Instant) -> [Action] {
    guard var process = processes[id], !process.isRetiring else { return [] }
    process.isReady = true
    processes[id] = process
    switch phase {
    case .starting, .upgrading: return advance(at: now)
    case .serving, .stopping: return []
    }
  }

  /// A process has not become ready within ``PreforkLimits/readyDuration``.
  package mutating func readyTimedOut(_ id: ID) -> [Action] {
    guard let process = processes[id], !process.isReady, !process.isRetiring, phase != .stopping else { return [] }
    let note = Action.note(.notReadyInTime(id))
    if phase == .starting { return [note] + stop(status: 1) }
    if slots[process.slot].successor == id { return [note] + abandonUpgrade() }
    // Its end is followed by a start.
    return [note, .kill(id)]
  }

  /// A process has ended, or could not be started.
  package mutating func ended(_ id: ID, _ exit: ExitStatus, at now: ContinuousClock.Instant) -> [Action] {
    guard let process = processes.removeValue(forKey: id) else { return [] }
    let note = Action.note(.ended(id, exit))
    if phase == .stopping {
      if exit != .exited(0), status == 0 { status = 1 }
      return (exit == .exited(0) ? [] : [note]) + finishIfEmpty()
    }
    if process.isRetiring { return exit == .exited(0) ? [] : [note] }
    if phase == .starting { return [note] + stop(status: exit.failureStatus) }
    if slots[process.slot].successor == id {
      slots[process.slot].successor = nil
      return [note] + abandonUpgrade()
    }
    slots[process.slot].current = nil
    // During an upgrade the successor is on its way.
    return phase == .serving ? [note] + restart(process, at: now) : [note]
  }

  package mutating func restartDue(slot: Int, at now: ContinuousClock.Instant) -> [Action] {
    guard phase == .serving, slots[slot].current == nil else { return [] }
    return [spawn(in: slot, at: now)]
  }

  /// Replaces every process. Wanted during a start or another upgrade, it follows that, once.
  package mutating func upgrade(at now: ContinuousClock.Instant) -> [Action] {
    switch phase {
    case .stopping: return []
    case .starting, .upgrading:
      isUpgradeWanted = true
      return []
    case .serving:
      phase = .upgrading
      return [.note(.upgrading), spawn(in: 0, at: now)]
    }
  }

  /// Ends every process: gracefully the first time, at once the second.
  package mutating func stop() -> [Action] {
    if phase == .stopping { return processes.keys.sorted().map { .kill($0) } }
    return stop(status: 0)
  }

  // MARK: Consequences

  private mutating func spawn(in slot: Int, at now: ContinuousClock.Instant) -> Action {
    let id = nextID
    nextID += 1
    processes[id] = Process(slot: slot, startedAt: now)
    if phase == .upgrading { slots[slot].successor = id } else { slots[slot].current = id }
    return .spawn(id, slot: slot)
  }

  /// After the first process of a generation the others follow, after the last one the generation serves.
  private mutating func advance(at now: ContinuousClock.Instant) -> [Action] {
    let generation = slots.map { phase == .upgrading ? $0.successor : $0.current }
    guard let first = generation[0], processes[first]?.isReady == true else { return [] }
    if generation.dropFirst().contains(nil) {
      return slots.indices.filter { generation[$0] == nil }.map { spawn(in: $0, at: now) }
    }
    guard generation.allSatisfy({ $0.flatMap { processes[$0] }?.isReady == true }) else { return [] }
    let isUpgrade = phase == .upgrading
    phase = .serving
    var actions: [Action] = isUpgrade ? [] : [.announce]
    if isUpgrade {
      let old = slots.compactMap(\.current)
      for slot in slots.indices { slots[slot] = Slot(current: slots[slot].successor) }
      actions += retire(old) + [.note(.upgraded)]
    }
    if isUpgradeWanted {
      isUpgradeWanted = false
      actions += upgrade(at: now)
    }
    return actions
  }

  /// The old processes go on.
  private mutating func abandonUpgrade() -> [Action] {
    phase = .serving
    isUpgradeWanted = false
    var actions = retire(slots.compactMap(\.successor)) + [.note(.upgradeFailed)]
    for slot in slots.indices {
      slots[slot].successor = nil
      if slots[slot].current == nil { actions.append(.restart(slot: slot, after: limits.restartDelayMin)) }
    }
    return actions
  }

  private mutating func retire(_ ids: [ID]) -> [Action] {
    for id in ids { processes[id]?.isRetiring = true }
    return ids.map { .terminate($0) }
  }

  /// The first death in a while keeps its socket: who is in its queue is served by the next process. When that one
  /// dies, too, nobody shall wait in the queue of a slot that may not come back; the other slots take over.
  private mutating func restart(_ process: Process, at now: ContinuousClock.Instant) -> [Action] {
    let slot = process.slot
    if now - process.startedAt >= limits.healthyDuration { slots[slot].deathCount = 0 }
    slots[slot].deathCount += 1
    let deathCount = slots[slot].deathCount
    if deathCount == 1 { return [.restart(slot: slot, after: .zero)] }
    // Beyond 2^16 any delay is the longest.
    let delay = min(limits.restartDelayMin * (1 << min(deathCount - 2, 16)), limits.restartDelayMax)
    return [.renewSocket(slot: slot), .restart(slot: slot, after: delay)]
  }

  private mutating func stop(status: Int32) -> [Action] {
    phase = .stopping
    self.status = status
    let ids = processes.keys.filter { processes[$0]?.isRetiring == false }.sorted()
    return [.closeSockets] + retire(ids) + finishIfEmpty()
  }

  private func finishIfEmpty() -> [Action] { processes.isEmpty ? [.finish(status)] : [] }
}

extension ExitStatus {
  /// As a shell gives it; a process that ends before it is ready has failed even when it says 0.
  fileprivate var failureStatus: Int32 {
    switch self {
    case .exited(0): 1
    case .exited(let status): status
    case .signalled(let signal): 128 + signal
    }
  }
}
