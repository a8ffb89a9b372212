import EventLoop
import Glibc

/// A server's connections, and what they share: limits, handler, the coarse clock and the `Date` line.
@LoopActor final class ConnectionTable {
  let limits: HTTPLimits
  let handler: HTTPHandler
  let ticks: DeadlineTicks
  let paceRule: BodyPace.Rule
  var refusals: HTTPRefusalObserver?
  /// Of connections to come.
  var tls: TLSContext?

  /// Sweeps so far: the clock of every deadline. Reading it costs nothing, which is why it is used.
  private(set) var now = 0
  /// A whole `Date` line, never older than one sweep.
  private(set) var dateLine: [UInt8] = []
  private(set) var isStopping = false
  /// While it stops: whether connections may still send a first or next request.
  private(set) var isGraceOver = false

  private var connections: [HTTPConnection] = []
  /// Those among them that are only told that there is no room.
  private var refusedCount = 0
  /// Of the others, by subscriber; empty when nobody bounds them.
  private var countsByAddress: [IPAddress: Int] = [:]
  private var sweepTimer: LoopTimer?
  private var second: Int64 = -1
  private var emptyWaiters: [CheckedContinuation<Void, Never>] = []

  init(_ limits: HTTPLimits, _ handler: @escaping HTTPHandler) {
    self.limits = limits
    self.handler = handler
    ticks = DeadlineTicks(limits)
    paceRule = BodyPace.Rule(limits)
    renewDate()
  }

  var count: Int { connections.count }
  var restingCount: Int { connections.count { $0.isResting } }

  func startSweeping() {
    let timer = LoopTimer { [weak self] in self?.sweep() }
    timer.start(after: limits.sweepInterval, repeating: limits.sweepInterval)
    sweepTimer = timer
  }

  func accept(_ stream: TCPStream) {
    let peer = IPAddress(stream.remoteAddress.host)
    let counted = limits.connectionsPerAddressMax == nil ? nil : subscriber(peer)
    let refusal = refusal(of: counted)
    guard !isStopping, refusal == nil || refusedCount < limits.refusedConnectionCountMax else { return stream.reset() }
    if let tls { stream.startTLS(tls) }
    let connection = HTTPConnection(stream, peer, in: self)
    connection.index = count
    connections.append(connection)
    if let refusal {
      connection.isRefused = true
      refusedCount += 1
      connection.refuse(refusal)
    } else {
      connection.countedAddress = counted
      if let counted { countsByAddress[counted, default: 0] += 1 }
      connection.start()
    }
  }

  /// Who is counted; a proxy is not.
  private func subscriber(_ peer: IPAddress?) -> IPAddress? {
    guard let peer, !limits.proxies.contains(where: { $0.contains(peer) }) else { return nil }
    return peer.subscriber
  }

  private func refusal(of counted: IPAddress?) -> HTTPResponse? {
    if count - refusedCount >= limits.connectionCountMax { return ConnectionTable.tooMany }
    guard let counted, let countMax = limits.connectionsPerAddressMax else { return nil }
    return countsByAddress[counted, default: 0] < countMax ? nil : ConnectionTable.tooManyOfAddress
  }

  private func uncount(_ connection: HTTPConnection) {
    if connection.isRefused { refusedCount -= 1 }
    guard let address = connection.countedAddress, let count = countsByAddress[address] else { return }
    countsByAddress[address] = count > 1 ? count - 1 : nil
  }

  /// The last connection takes the place of the one that goes.
  func remove(_ connection: HTTPConnection) {
    uncount(connection)
    let last = connections.removeLast()
    if last !== connection {
      connections[connection.index] = last
      last.index = connection.index
    }
    if connections.isEmpty { resumeWaiters() }
  }

  func shutdown(within bound: Duration) async {
    isStopping = true
    let graceTimer = LoopTimer { [weak self] in self?.closeIdle() }
    if limits.stopGraceDuration > .zero { graceTimer.start(after: limits.stopGraceDuration) } else { closeIdle() }
    let timer = LoopTimer { [weak self] in
      for connection in self?.connections ?? [] { connection.abort() }
    }
    timer.start(after: bound)
    if !connections.isEmpty { await withCheckedContinuation { emptyWaiters.append($0) } }
    graceTimer.close()
    timer.close()
    sweepTimer?.close()
  }

  private func closeIdle() {
    isGraceOver = true
    for connection in connections { connection.closeIfIdle() }
  }

  private func resumeWaiters() {
    let waiters = emptyWaiters
    emptyWaiters = []
    for waiter in waiters { waiter.resume() }
  }

  private func sweep() {
    now += 1
    renewDate()
    // A copy: a connection that closes leaves the table.
    for connection in connections { connection.sweep() }
  }

  private func renewDate() {
    let second = Int64(time(nil))
    guard second != self.second else { return }
    self.second = second
    dateLine = Array("Date: \(HTTPDate(secondsSinceEpoch: second))\r\n".utf8)
  }
}

/// The limits' durations in sweeps, rounded up, and one more: a deadline set just before a sweep must not lose one.
struct DeadlineTicks {
  let head: Int
  let idle: Int
  let request: Int?
  let writeStall: Int
  let linger: Int

  init(_ limits: HTTPLimits) {
    func ticks(_ duration: Duration) -> Int {
      // Decades of one-millisecond sweeps still fit.
      Int(min((duration / limits.sweepInterval).rounded(.up), 1e15)) + 1
    }
    head = ticks(limits.headDuration)
    idle = ticks(limits.idleDuration)
    request = limits.requestDuration.map(ticks)
    writeStall = ticks(limits.writeStallDuration)
    linger = ticks(limits.lingerDuration)
  }
}

/// Made once: whoever opens too many connections is answered cheaply.
extension ConnectionTable {
  private static let tooMany = Problem(
    .serviceUnavailable, code: "too-many-connections", detail: "The server is full.", retryAfter: 1
  ).response

  private static let tooManyOfAddress = Problem(
    .tooManyRequests, code: "too-many-connections-of-address", detail: "Your address has too many connections open.",
    retryAfter: 1
  ).response
}
