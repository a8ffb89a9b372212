import EventLoop
import HTTP
import TestSupport

/// Deadlines are looked at often; what must not run out in a test keeps its long default.
var testLimits: HTTPLimits {
  var limits = HTTPLimits()
  limits.sweepInterval = .milliseconds(5)
  return limits
}

/// A server on a free port for the length of a test.
struct TestServer {
  private let limits: HTTPLimits
  private let handler: HTTPHandler
  private let tls: TLSContext?
  private let refusals: HTTPRefusalObserver?

  init(
    _ limits: HTTPLimits = testLimits, tls: TLSContext? = nil, refusals: HTTPRefusalObserver? = nil,
    handler: @escaping HTTPHandler
  ) {
    self.limits = limits
    self.tls = tls
    self.refusals = refusals
    self.handler = handler
  }

  func run(_ body: (HTTPServer, SocketAddress) async throws -> Void) async throws {
    let (limits, tls, refusals, handler) = (limits, tls, refusals, handler)
    let server = try await onLoop {
      try HTTPServer(host: "127.0.0.1", port: 0, limits: limits, tls: tls, refusals: refusals, handler: handler)
    }
    let address = try await onLoop { server.localAddress }
    do { try await body(server, address) } catch {
      try await onLoop { await server.shutdown(within: .zero) }
      throw error
    }
    try await onLoop { await server.shutdown(within: .zero) }
  }
}

/// A server that answers with what it saw, unless another handler is given.
func withServer(
  _ limits: HTTPLimits = testLimits, handler: @escaping HTTPHandler = Handlers.describe,
  _ body: (HTTPServer, SocketAddress) async throws -> Void
) async throws {
  try await TestServer(limits, handler: handler).run(body)
}

/// Sends bytes on a connection of their own and reads the one response.
func exchange(_ address: SocketAddress, _ request: String) throws -> RawResponse {
  let client = try RawClient(address)
  try client.send(request)
  return try client.response()
}
