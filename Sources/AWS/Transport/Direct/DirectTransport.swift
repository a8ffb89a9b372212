import DequeModule
import EventLoop

/// Requests over TCP streams of the loop's: who may be sent, on which connection, and for how long. What happens on a
/// connection is `DirectConnection`'s.
@LoopActor final class DirectTransport {
  private struct Waiting {
    let ticket: UInt64
    let request: TransportRequest
    let completion: Transport.Completion
  }

  let limits: TransportLimits
  let connector: Connector
  private var waiting: Deque<Waiting> = []
  private var active: [UInt64: DirectConnection] = [:]
  private var pools: [Origin: OriginPool] = [:]
  /// The last one that was asked for: requests mostly go to the same origin.
  private var lastPool: OriginPool?
  private var idleCount = 0
  private var isShutDown = false

  private var timer: LoopTimer?
  /// When the timer fires, if it is set.
  private var wakeUp: Duration?

  init(limits: TransportLimits) {
    self.limits = limits
    connector = Connector(authorityFile: limits.certificateAuthorityFile)
    timer = LoopTimer { [weak self] in self?.sweep() }
  }

  var activeRequestCount: Int { active.count }
  var waitingRequestCount: Int { waiting.count }
  var openSocketCount: Int { active.count + idleCount }

  func begin(_ request: TransportRequest, ticket: UInt64, _ completion: @escaping Transport.Completion) {
    guard !isShutDown else { return completion(.failure(.shutDown)) }
    if active.count < limits.activeRequestCountMax { return start(request, ticket, completion) }
    guard waiting.count < limits.waitingRequestCountMax else { return completion(.failure(.overloaded)) }
    waiting.append(Waiting(ticket: ticket, request: request, completion: completion))
  }

  func cancel(_ ticket: UInt64) {
    if let connection = active[ticket] {
      connection.fail(.cancelled)
    } else if let index = waiting.firstIndex(where: { $0.ticket == ticket }) {
      waiting.remove(at: index).completion(.failure(.cancelled))
    }
  }

  func shutdown() {
    guard !isShutDown else { return }
    isShutDown = true
    let waiters = waiting
    waiting = []
    for waiter in waiters { waiter.completion(.failure(.shutDown)) }
    for connection in active.values { connection.fail(.shutDown) }
    for pool in pools.values {
      for connection in pool.idle { connection.close() }
      pool.idle = []
    }
    pools = [:]
    lastPool = nil
    idleCount = 0
    timer?.close()
    timer = nil
  }

  // MARK: From waiting to active to answered

  private func start(_ request: TransportRequest, _ ticket: UInt64, _ completion: @escaping Transport.Completion) {
    guard let endpoint = request.endpoint else { return completion(.failure(.invalidRequest("URL"))) }
    let pool = pool(of: endpoint)
    let connection = takeIdle(pool) ?? DirectConnection(pool, of: self)
    active[ticket] = connection
    connection.begin(request, ticket: ticket, completion)
  }

  private func pool(of endpoint: ServiceEndpoint) -> OriginPool {
    if let lastPool, lastPool.origin.isOrigin(of: endpoint) { return lastPool }
    let origin = Origin(endpoint)
    let pool = pools[origin] ?? OriginPool(origin)
    list(pool)
    lastPool = pool
    return pool
  }

  private func list(_ pool: OriginPool) {
    if pool.isListed { return }
    pool.isListed = true
    pools[pool.origin] = pool
  }

  private func takeIdle(_ pool: OriginPool) -> DirectConnection? {
    let now = EventLoop.shared.uptime
    while let connection = pool.idle.popLast() {
      idleCount -= 1
      if connection.isUsable, now - connection.idleSince < limits.idleConnectionAgeMax { return connection }
      connection.close()
    }
    return nil
  }

  /// Called by a connection when its request is over, as the last thing it does.
  func ended(
    _ connection: DirectConnection, ticket: UInt64, isReusable: Bool,
    _ result: Result<TransportResponse, TransportError>, _ completion: Transport.Completion
  ) {
    active[ticket] = nil
    if isReusable, !isShutDown, idleCount < limits.cachedConnectionCountMax {
      list(connection.pool)
      connection.pool.idle.append(connection)
      idleCount += 1
      watch(until: connection.idleSince + limits.idleConnectionAgeMax)
    } else {
      connection.close()
    }
    while active.count < limits.activeRequestCountMax, let waiter = waiting.popFirst() {
      start(waiter.request, waiter.ticket, waiter.completion)
    }
    completion(result)
  }

  /// An idle connection has ended.
  func lost(_ connection: DirectConnection) {
    connection.close()
    guard let index = connection.pool.idle.firstIndex(where: { $0 === connection }) else { return }
    connection.pool.idle.remove(at: index)
    idleCount -= 1
  }

  // MARK: Time

  /// Sees to it that `sweep` comes no later than this. Deadlines move away as bytes move, so it mostly is set already.
  func watch(until deadline: Duration) {
    if let wakeUp, wakeUp <= deadline { return }
    wakeUp = deadline
    timer?.start(after: max(.zero, deadline - EventLoop.shared.uptime))
  }

  /// Ends what has taken too long: requests without progress, and connections nobody has used.
  private func sweep() {
    wakeUp = nil
    let now = EventLoop.shared.uptime
    var next: Duration?
    for connection in Array(active.values) {
      guard let deadline = connection.deadline else { continue }
      if deadline <= now {
        connection.timeOut()
      } else {
        next = min(next ?? deadline, deadline)
      }
    }
    for pool in Array(pools.values) {
      let expired = pool.idle.prefix { now - $0.idleSince >= limits.idleConnectionAgeMax }
      for connection in expired { connection.close() }
      pool.idle.removeFirst(expired.count)
      idleCount -= expired.count
      guard let oldest = pool.idle.first else {
        // It is listed again with the next connection that rests.
        pool.isListed = false
        pools[pool.origin] = nil
        continue
      }
      let deadline = oldest.idleSince + limits.idleConnectionAgeMax
      next = min(next ?? deadline, deadline)
    }
    if let next { watch(until: next) }
  }
}
