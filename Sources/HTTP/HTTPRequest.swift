package import EventLoop

/// One request: its head, which is complete, and its body, which may still be on its way.
@LoopActor package final class HTTPRequest {
  package let head: HTTPRequestHead
  package let body: RequestBody
  package let remoteAddress: SocketAddress
  /// The host of `remoteAddress`, as a number.
  package let peerAddress: IPAddress?

  init(head: HTTPRequestHead, body: RequestBody, remoteAddress: SocketAddress, peerAddress: IPAddress?) {
    self.head = head
    self.body = body
    self.remoteAddress = remoteAddress
    self.peerAddress = peerAddress
  }
}
