package import HTTP

/// How this process and the others on its port ask each other for their figures.
package struct PeerConfiguration: Sendable {
  /// The descriptor of a socket that is bound to the loopback address, for the others to ask this process.
  package var socketDescriptor: Int32
  /// Where each of them is asked, on the loopback address: by index, this process's own among them.
  package var ports: [Int]
  /// What all of them present.
  package var token: BearerToken

  package init(socketDescriptor: Int32, ports: [Int], token: BearerToken) {
    self.socketDescriptor = socketDescriptor
    self.ports = ports
    self.token = token
  }
}
