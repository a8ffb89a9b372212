import CCurl
import DequeModule
import EventLoop

/// Requests over curl's multi interface, driven by the loop: one `SocketPoll` for each connection, one timer. For those
/// that go through a proxy, whose ways curl knows. What it promises is `Transport`'s.
/// (curl alone replays a request when a kept connection proves dead before a byte of the response.)
@LoopActor final class ProxiedTransport {
  let limits: TransportLimits
  private let multi: UnsafeMutableRawPointer
  private var timer: LoopTimer?

  private var waiting: Deque<Waiting> = []
  private var active: [UInt64: Transfer] = [:]
  private var idle: [Transfer] = []

  var sockets: [Int32: TransportSocket] = [:]
  /// Whose `wanted` has changed in this turn of the loop.
  var changedSockets: [Int32] = []
  /// The sockets that were opened for curl's connections and not yet closed.
  var ownSockets: Set<Int32> = []
  /// True while curl is on the stack: then nothing may be added, removed or unpaused.
  private var isInCurl = false
  private var isSettling = false
  private var timeoutIsDue = false
  private var toUnpause: [Transfer] = []
  private var isShutDown = false

  private struct Waiting {
    let ticket: UInt64
    let request: TransportRequest
    let completion: Transport.Completion
  }

  init(limits: TransportLimits = .init()) {
    _ = Self.globalInitialisation
    guard let multi = curl_multi_init() else { preconditionFailure("curl_multi_init: out of memory") }
    self.multi = multi
    self.limits = limits
    timer = LoopTimer { [weak self] in self?.run { curl_multi_socket_action(multi, curl_socket_t(-1), 0, $0) } }
    let context = Unmanaged.passUnretained(self).toOpaque()
    saccade_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.cachedConnectionCountMax)
    saccade_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits.activeRequestCountMax)
    saccade_curl_multi_set_socket(
      multi,
      { _, socket, what, context, _ in
        ProxiedTransport.on(context) { $0.socketChanged(socket, what: what) }
        return 0
      }, context)
    saccade_curl_multi_set_timer(
      multi,
      { _, milliseconds, context in
        ProxiedTransport.on(context) { $0.timerChanged(milliseconds) }
        return 0
      }, context)
  }

  /// Requests sent and not yet answered, and requests that wait to be sent.
  var activeRequestCount: Int { active.count }
  var waitingRequestCount: Int { waiting.count }
  /// Connections, idle ones included.
  var openSocketCount: Int { ownSockets.count }

  /// Ends every request with `.shutDown` and closes every connection. Nothing can be sent afterwards.
  func shutdown() {
    precondition(!isInCurl, "shutdown from inside a source or a sink")
    guard !isShutDown else { return }
    isShutDown = true
    let waiters = waiting
    waiting = []
    for waiter in waiters { waiter.completion(.failure(.shutDown)) }
    for transfer in active.values { retire(transfer, with: .failure(.shutDown)) }
    for transfer in idle { transfer.destroy() }
    idle = []
    withCurl { curl_multi_cleanup(multi) }
    for socket in sockets.values { socket.poll.close() }
    sockets = [:]
    timer?.close()
    timer = nil
  }

  // MARK: - From waiting to active to answered

  func begin(_ request: TransportRequest, ticket: UInt64, _ completion: @escaping Transport.Completion) {
    guard !isShutDown else { return completion(.failure(.shutDown)) }
    guard waiting.count < limits.waitingRequestCountMax else { return completion(.failure(.overloaded)) }
    waiting.append(Waiting(ticket: ticket, request: request, completion: completion))
    settle()
  }

  private func admit() {
    while active.count < limits.activeRequestCountMax, let waiter = waiting.popFirst() {
      let transfer = idle.popLast() ?? makeTransfer()
      transfer.ticket = waiter.ticket
      transfer.completion = waiter.completion
      do throws(TransportError) {
        try transfer.prepare(waiter.request, activeCount: active.count)
      } catch {
        finish(transfer, with: .failure(error))
        continue
      }
      active[waiter.ticket] = transfer
      let code = withCurl { curl_multi_add_handle(multi, transfer.easy) }
      precondition(code == CURLM_OK, "curl_multi_add_handle")
    }
  }

  private func makeTransfer() -> Transfer {
    Transfer(limits: limits, sockets: self) { [unowned self] transfer in
      toUnpause.append(transfer)
      settle()
    }
  }

  private func reap() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      // The message dies with the handle's removal.
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      let code = message.pointee.data.result
      var context: UnsafeMutableRawPointer?
      saccade_curl_get_pointer(easy, CURLINFO_PRIVATE, &context)
      guard let context else { continue }
      let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
      if transfer.prepareReplay(after: code) {
        withCurl {
          curl_multi_remove_handle(multi, easy)
          curl_multi_add_handle(multi, easy)
        }
      } else {
        retire(transfer, with: transfer.outcome(code))
      }
    }
  }

  func cancel(_ ticket: UInt64) {
    if let transfer = active[ticket] {
      retire(transfer, with: .failure(.cancelled))
      settle()
    } else if let index = waiting.firstIndex(where: { $0.ticket == ticket }) {
      waiting.remove(at: index).completion(.failure(.cancelled))
    }
  }

  private func retire(_ transfer: Transfer, with result: Result<TransportResponse, TransportError>) {
    active[transfer.ticket] = nil
    if !toUnpause.isEmpty { toUnpause.removeAll { $0 === transfer } }
    withCurl { curl_multi_remove_handle(multi, transfer.easy) }
    finish(transfer, with: result)
  }

  private func finish(_ transfer: Transfer, with result: Result<TransportResponse, TransportError>) {
    let completion = transfer.completion
    transfer.release()
    // More handles than connections would only keep memory.
    if idle.count < limits.cachedConnectionCountMax { idle.append(transfer) } else { transfer.destroy() }
    completion?(result)
  }

  // MARK: - Driving curl

  /// Lets curl work, then does what it asked for while it did.
  func run(_ action: (UnsafeMutablePointer<Int32>) -> CURLMcode) {
    var running: Int32 = 0
    let code = withCurl { action(&running) }
    precondition(code == CURLM_OK || code == CURLM_BAD_SOCKET, "curl_multi_socket_action: \(code)")
    settle()
  }

  @discardableResult
  private func withCurl<T>(_ body: () -> T) -> T {
    precondition(!isInCurl, "curl is entered from its own callback")
    isInCurl = true
    defer { isInCurl = false }
    return body()
  }

  /// Unpauses, ends and starts transfers until there is nothing left to do. A few rounds at most: a transfer that asks
  /// to run again and again must not keep the loop from everybody else.
  private func settle() {
    guard !isInCurl, !isSettling, !isShutDown else { return }
    isSettling = true
    defer { isSettling = false }
    for _ in 0..<Self.settleRoundCountMax {
      admit()
      while let transfer = toUnpause.popLast() {
        withCurl { transfer.unpause() }
      }
      if timeoutIsDue {
        timeoutIsDue = false
        var running: Int32 = 0
        withCurl { curl_multi_socket_action(multi, curl_socket_t(-1), 0, &running) }
      }
      reap()
      if !timeoutIsDue, toUnpause.isEmpty, waiting.isEmpty || active.count >= limits.activeRequestCountMax { return }
    }
    timer?.start(after: .zero, repeating: nil)
  }

  private func timerChanged(_ milliseconds: Int) {
    timeoutIsDue = milliseconds == 0
    if milliseconds > 0 {
      timer?.start(after: .milliseconds(milliseconds), repeating: nil)
    } else {
      timer?.stop()
    }
  }

  func socketAction(_ socket: curl_socket_t, _ events: Int32) {
    run { curl_multi_socket_action(multi, socket, events, $0) }
  }

  /// Every callback comes from a curl function that was called on the loop.
  nonisolated static func on<T>(_ context: UnsafeMutableRawPointer?, _ body: @LoopActor (ProxiedTransport) -> T) -> T {
    guard let context else { preconditionFailure("curl lost its context") }
    let transport = Unmanaged<ProxiedTransport>.fromOpaque(context).takeUnretainedValue()
    return LoopActor.assumeIsolated { body(transport) }
  }

  private static let settleRoundCountMax = 16

  /// curl_global_init is to be called once, before any other thread uses curl; only this class does, on the loop.
  private static let globalInitialisation: Void = {
    let code = curl_global_init(Int(CURL_GLOBAL_DEFAULT))
    precondition(code == CURLE_OK, "curl_global_init")
  }()
}
