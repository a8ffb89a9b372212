/// Which workers of one machine run, and which are to start and to drain.
///
/// How many there should be is decided elsewhere. It promises: never more processes than the maximum, those included that
/// still drain; no worker is drained for being one too many while it holds a job, or while the queue has any, visible or in
/// flight; one that is not ready goes before an idle one, and among equals the one that came last.
///
/// A value without I/O or clock. Each event returns what is to be done.
package struct FleetPlan: Sendable {
  /// A worker, by a number that is never given again. Its process may be started again when it dies.
  package typealias ID = Int

  package enum Action: Sendable, Equatable {
    /// - slot: From 1 on, the lowest that is free: what people call the worker.
    case start(ID, slot: Int)
    /// SIGTERM: the worker gives back what it has not begun and finishes the rest.
    case drain(ID)
  }

  package enum Stage: String, Sendable, Codable, CaseIterable {
    /// Started for the first time or again, and not ready.
    case starting
    case idle, busy, draining
  }

  package struct Member: Sendable, Equatable {
    package let id: ID
    package let slot: Int
    package fileprivate(set) var stage = Stage.starting
    /// Ready, or was so when it was told to drain.
    fileprivate var isInService = false
    /// Jobs that it holds, as it has said last.
    package fileprivate(set) var heldCount = 0
  }

  package let minimum: Int
  package let maximum: Int
  /// How many there should be.
  package private(set) var wantedCount: Int
  /// By age.
  package private(set) var members: [Member] = []
  private var nextID = 0
  private var isStopping = false

  /// - Parameters:
  ///   - minimum: At least 1.
  ///   - maximum: `minimum` to ``FleetLimits/workerCountMax``.
  package init(minimum: Int, maximum: Int) {
    precondition(1 <= minimum && minimum <= maximum && maximum <= FleetLimits.workerCountMax)
    self.minimum = minimum
    self.maximum = maximum
    wantedCount = minimum
  }

  package func count(of stage: Stage) -> Int { members.count { $0.stage == stage } }
  package var readyCount: Int { count(of: .idle) + count(of: .busy) }
  /// Those that are ready, and those that were and now drain.
  package var inServiceCount: Int { members.count { $0.isInService } }
  /// Those that are to stay.
  private var activeCount: Int { members.count - count(of: .draining) }

  // MARK: Events

  /// Starts the minimum.
  package mutating func start() -> [Action] { startMissing() }

  /// There has been a look at the queue.
  /// - Parameters:
  ///   - wanted: Taken for the nearest number from minimum to maximum.
  ///   - isQueueEmpty: Whether nothing is visible and nothing in flight.
  package mutating func scale(to wanted: Int, isQueueEmpty: Bool) -> [Action] {
    guard !isStopping else { return [] }
    wantedCount = min(max(wanted, minimum), maximum)
    return startMissing() + (isQueueEmpty ? drainSpare() : [])
  }

  /// A worker takes jobs from now on.
  package mutating func ready(_ id: ID) {
    update(id) { member in
      guard member.stage == .starting else { return }
      member.stage = .idle
      member.isInService = true
    }
  }

  /// A worker says how many jobs it holds.
  package mutating func holds(_ id: ID, _ count: Int) {
    update(id) { member in
      // What a process has said before it died comes after its death at times.
      guard member.stage != .starting else { return }
      member.heldCount = count
      if member.stage != .draining { member.stage = count > 0 ? .busy : .idle }
    }
  }

  /// A worker's process has died and is started again.
  package mutating func died(_ id: ID) {
    update(id) { member in
      guard member.stage != .draining else { return }
      member.stage = .starting
      member.heldCount = 0
      member.isInService = false
    }
  }

  /// A worker that was drained has ended: its place is free.
  package mutating func ended(_ id: ID) -> [Action] {
    members.removeAll { $0.id == id }
    return isStopping ? [] : startMissing()
  }

  /// Drains all of them, busy or not, and starts no more.
  package mutating func stop() -> [Action] {
    isStopping = true
    return drain(members.filter { $0.stage != .draining })
  }

  // MARK: Consequences

  private mutating func startMissing() -> [Action] {
    var actions: [Action] = []
    while activeCount < wantedCount, members.count < maximum {
      let slot = (1...maximum).first { slot in !members.contains { $0.slot == slot } }
      guard let slot else { break }
      members.append(Member(id: nextID, slot: slot))
      actions.append(.start(nextID, slot: slot))
      nextID += 1
    }
    return actions
  }

  private mutating func drainSpare() -> [Action] {
    let spareCount = max(0, activeCount - wantedCount)
    let candidates = [Stage.starting, .idle].flatMap { stage in members.reversed().filter { $0.stage == stage } }
    return drain(candidates.prefix(spareCount))
  }

  private mutating func drain(_ chosen: some Sequence<Member>) -> [Action] {
    chosen.map { member in
      update(member.id) { $0.stage = .draining }
      return .drain(member.id)
    }
  }

  private mutating func update(_ id: ID, _ change: (inout Member) -> Void) {
    guard let index = members.firstIndex(where: { $0.id == id }) else { return }
    change(&members[index])
  }
}
