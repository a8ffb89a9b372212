package import EventLoop

/// One request: its head, which is complete, and its body, which may still be on its way.
@LoopActor package final class HTTPRequest {
  package let head: HTTPRequestHead
  package let body: RequestBody
  package let remoteAddress: SocketAddress
  /// The host of `remoteAddress`, as a number.
  package let peerAddress: IPAddress?
  /// Who sent it, as far as whoever controls access has found out: behind proxies, not their address but the client's.
  package var clientAddress: IPAddress?
  /// Whom the client has proved to be.
  package var clientName: String?
  /// What its handler calls it in logs.
  package var id: String?
  /// What the server has answered by itself: the handler's answer goes nowhere.
  package internal(set) var refusal: HTTPResponse?

  init(head: HTTPRequestHead, body: RequestBody, remoteAddress: SocketAddress, peerAddress: IPAddress?) {
    self.head = head
    self.body = body
    self.remoteAddress = remoteAddress
    self.peerAddress = peerAddress
    clientAddress = peerAddress
  }
}
