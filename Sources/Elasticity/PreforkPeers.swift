/// How the processes of a group ask each other for their figures: each has a socket on the loopback address, and all know
/// the same token.
package struct PreforkPeers: Sendable, Equatable {
  /// Bound already.
  package let socketDescriptor: Int32
  /// Of each process's socket, by slot; this process's own among them.
  package let ports: [Int]
  package let token: String

  /// What is in the pipe that a process gets: the token and the ports, with blanks between them.
  static func handOver(token: String, ports: [Int]) -> [UInt8] {
    Array(([token] + ports.map(String.init)).joined(separator: " ").utf8)
  }

  /// - Returns: `nil` when it is not what `handOver(token:ports:)` has written.
  init?(socketDescriptor: Int32, handedOver bytes: [UInt8]) {
    let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    let ports = words.dropFirst().compactMap { Int($0) }
    guard let token = words.first, !ports.isEmpty, ports.count == words.count - 1 else { return nil }
    self.socketDescriptor = socketDescriptor
    self.ports = ports
    self.token = String(token)
  }
}
