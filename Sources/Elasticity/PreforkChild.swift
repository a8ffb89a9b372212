import EventLoop
import Glibc

/// What a process of a prefork group finds at its start: a bound socket to listen on, a pipe to say that it does, and
/// perhaps one with a secret, and a socket on which the other processes of the group ask it.
package struct PreforkChild: Sendable {
  /// The environment variable with the slot's number. It counts only together with the supervisor's.
  static let slotVariable = "SACCADE_PROCESS"
  /// The first descriptor after standard error, as in systemd's socket activation.
  static let socketDescriptor: Int32 = 3
  static let readyDescriptor: Int32 = 4
  static let secretDescriptor: Int32 = 5
  /// The environment variable that tells of a secret: a master of another version may have none.
  static let secretVariable = "SACCADE_SECRET_DESCRIPTOR"
  /// The environment variable with the descriptor of the socket for the group's other processes; how to reach those is in
  /// the pipe that is the next one. A master of another version may have neither.
  static let peersVariable = "SACCADE_PEERS_DESCRIPTOR"

  /// From 0 on.
  package let slot: Int
  /// What the master has for its processes only.
  package let secret: [UInt8]?
  package let peers: PreforkPeers?

  /// Once in a process: it takes what is in the pipes.
  /// - Returns: `nil` in a process that nobody has started as one of a group.
  package init?(environment: [String: String]) {
    guard environment[supervisorVariable] == String(getppid()),
      let slot = environment[PreforkChild.slotVariable].flatMap({ Int($0) })
    else { return nil }
    self.slot = slot
    let hasSecret = environment[PreforkChild.secretVariable] == String(PreforkChild.secretDescriptor)
    secret = hasSecret ? SecretPipe.take(from: PreforkChild.secretDescriptor) : nil
    peers = environment[PreforkChild.peersVariable].flatMap { Int32($0) }.flatMap {
      PreforkPeers(socketDescriptor: $0, handedOver: SecretPipe.take(from: $0 + 1))
    }
  }

  /// Bound already.
  package var socketDescriptor: Int32 { PreforkChild.socketDescriptor }

  /// Tells the master, once.
  /// - Parameter line: What a user is to read when the whole group is ready.
  package func announceReady(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    // Shorter than PIPE_BUF, into an empty pipe: written whole or not at all, and then the master is gone.
    _ = bytes.withUnsafeBytes { write(PreforkChild.readyDescriptor, $0.baseAddress, $0.count) }
    close(PreforkChild.readyDescriptor)
  }
}
