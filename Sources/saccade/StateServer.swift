import AWS
import Elasticity
import EventLoop
import Foundation
import HTTP

/// Tells who may read the data folder what `saccade up` does at this moment: `GET /state`, on the loopback address.
@LoopActor
final class StateServer {
  private let folder: String
  private let server: HTTPServer

  /// Serves, and leaves a ``StateFile`` in the folder.
  init(folder: String, state: @escaping @LoopActor () -> MachineState) throws {
    self.folder = folder
    let token = StateServer.token()
    let expected = MessageDigest.sha256.hash("Bearer " + token)
    server = try HTTPServer(host: "127.0.0.1", port: 0, limits: StateServer.limits) { request, response in
      response.send(StateServer.answer(request, expected: expected, state))
    }
    try StateFile(url: "http://\(server.localAddress)", token: token).save(in: folder)
  }

  func close() async {
    StateFile.remove(from: folder)
    await server.shutdown(within: .milliseconds(200))
  }

  private static func answer(
    _ request: HTTPRequest, expected: [UInt8], _ state: @LoopActor () -> MachineState
  ) -> HTTPResponse {
    // Of hashes: how long a comparison takes tells nothing about the token.
    guard MessageDigest.sha256.hash(request.head.headers["authorization"] ?? "") == expected else {
      var refusal = Problem(.unauthorized, code: "token-missing", detail: "The token is in the data folder.").response
      // RFC 9110 §15.5.2
      refusal.headers.add("WWW-Authenticate", "Bearer")
      return refusal
    }
    guard request.head.path == "/state" else {
      return Problem(.notFound, code: "no-such-route", detail: "There is /state only.").response
    }
    guard request.head.method == .get else {
      return Problem(.methodNotAllowed, code: "method-not-allowed", allow: [.get]).response
    }
    return HTTPResponse(status: .ok, headers: ["Content-Type": "application/json"], body: [UInt8](state().json))
  }

  /// For a few terminals that watch.
  private static var limits: HTTPLimits {
    var limits = HTTPLimits()
    limits.connectionCountMax = 64
    limits.connectionsPerAddressMax = nil
    limits.refusedConnectionCountMax = 8
    limits.bodyByteCountMax = 0
    return limits
  }

  /// 256 random bits.
  private static func token() -> String {
    var generator = SystemRandomNumberGenerator()
    return Hexadecimal.encode((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
  }
}
