package import EventLoop
import Glibc

/// HTTP/1.1 requests on the loop. Promises: at most `activeRequestCountMax` requests in flight, the rest in a bounded
/// queue; one suspension for each request, however many bytes it moves; cancelling the task ends the exchange at once;
/// connections are kept and used again, and a request that meets a dead one is sent again on a fresh one. Whoever makes
/// one calls `shutdown()`. A response with any status is a response. Does not retry, sign or follow redirects: that is
/// its callers' part.
///
/// Requests go over connections of our own (`DirectTransport`), which hand a body to the kernel from where it lies; where
/// the environment names a proxy they go through it, which is libcurl's to speak to (`ProxiedTransport`).
@LoopActor package final class Transport {
  typealias Completion = @LoopActor (Result<TransportResponse, TransportError>) -> Void

  package let limits: TransportLimits
  private let direct: DirectTransport
  private let proxied: ProxiedTransport?
  private var nextTicket: UInt64 = 1

  /// - Parameter usesProxies: Whether requests go through libcurl and the proxies it finds in the environment.
  package init(limits: TransportLimits = .init(), usesProxies: Bool = Transport.environmentNamesProxy) {
    self.limits = limits
    direct = DirectTransport(limits: limits)
    proxied = usesProxies ? ProxiedTransport(limits: limits) : nil
  }

  /// Looked up once: `http_proxy` and its kin, as libcurl knows them.
  package nonisolated static let environmentNamesProxy: Bool = {
    let names = ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"]
    return names.contains { name in getenv(name) != nil }
  }()

  /// Requests sent and not yet answered, and requests that wait to be sent.
  package var activeRequestCount: Int { direct.activeRequestCount + (proxied?.activeRequestCount ?? 0) }
  package var waitingRequestCount: Int { direct.waitingRequestCount + (proxied?.waitingRequestCount ?? 0) }
  /// Connections, idle ones included.
  package var openSocketCount: Int { direct.openSocketCount + (proxied?.openSocketCount ?? 0) }

  /// Sends the request and returns when the response is whole.
  package func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
    let ticket = makeTicket()
    let result = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        begin(request, ticket: ticket) { continuation.resume(returning: $0) }
      }
    } onCancel: {
      // From whichever thread, perhaps from inside a source: the loop does it next.
      EventLoop.shared.spawn { self.cancel(ticket) }
    }
    return try result.get()
  }

  /// Names a request to be begun, so that it can be cancelled.
  func makeTicket() -> UInt64 {
    defer { nextTicket += 1 }
    return nextTicket
  }

  /// Sends the request and calls `completion` once, perhaps before it returns.
  func begin(_ request: TransportRequest, ticket: UInt64, _ completion: @escaping Completion) {
    if let proxied, !request.bypassesProxy {
      proxied.begin(request, ticket: ticket, completion)
    } else {
      direct.begin(request, ticket: ticket, completion)
    }
  }

  /// Ends a request with `.cancelled`, if it has not ended.
  func cancel(_ ticket: UInt64) {
    direct.cancel(ticket)
    proxied?.cancel(ticket)
  }

  /// Ends every request with `.shutDown` and closes every connection. Nothing can be sent afterwards.
  package func shutdown() {
    direct.shutdown()
    proxied?.shutdown()
  }
}
