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
    let token = BearerToken.random()
    // For a few terminals that watch.
    server = try HTTPServer(host: "127.0.0.1", port: 0, limits: .forThisMachine(connectionCountMax: 64)) {
      request, response in response.send(StateServer.answer(request, token, state))
    }
    try StateFile(url: "http://\(server.localAddress)", token: token.text).save(in: folder)
  }

  func close() async {
    StateFile.remove(from: folder)
    await server.shutdown(within: .milliseconds(200))
  }

  private static func answer(
    _ request: HTTPRequest, _ token: BearerToken, _ state: @LoopActor () -> MachineState
  ) -> HTTPResponse {
    if let refusal = token.refusal(of: request.head) { return refusal }
    guard request.head.path == "/state" else {
      return Problem(.notFound, code: "no-such-route", detail: "There is /state only.").response
    }
    guard request.head.method == .get else {
      return Problem(.methodNotAllowed, code: "method-not-allowed", allow: [.get]).response
    }
    return HTTPResponse(status: .ok, headers: ["Content-Type": "application/json"], body: [UInt8](state().json))
  }
}
