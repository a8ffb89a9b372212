import EventLoop
import Glibc
import TestSupport
import Testing

@Suite struct InheritableSocketTests {
  @Test(
    "a bound socket refuses connections, others may share its port, and who does not share it may not once it listens")
  func reserves() async throws {
    try await onLoop {
      let socket = try InheritableSocket(host: "127.0.0.1", port: 0, isShared: true)
      #expect(socket.localAddress.port > 0)
      await #expect(throws: UVError.self) {
        _ = try await TCPStream.connect(to: socket.localAddress, timeout: .seconds(5))
      }
      let port = socket.localAddress.port
      let second = try InheritableSocket(host: "127.0.0.1", port: port, isShared: true)
      #expect(second.localAddress == socket.localAddress)
      let listener = try TCPListener(host: "", port: 0, inherited: second.descriptor) { $0.close() }
      #expect(throws: UVError.self) { _ = try InheritableSocket(host: "127.0.0.1", port: port, isShared: false) }
      listener.close()
      socket.close()
    }
  }

  @Test("who waits in the queue of a listener that closes is accepted by the next one on the same socket")
  func handOver() async throws {
    try await onLoop {
      let socket = try InheritableSocket(host: "127.0.0.1", port: 0, isShared: true)
      let first = try TCPListener(host: "", port: 0, inherited: dup(socket.descriptor)) { $0.close() }
      #expect(first.localAddress == socket.localAddress)
      first.close()
      // Nobody accepts now, but the kernel does.
      let client = try await TCPStream.connect(to: socket.localAddress, timeout: .seconds(5))
      let accepted = Accepted()
      let second = try TCPListener(host: "", port: 0, inherited: dup(socket.descriptor)) { accepted.streams.append($0) }
      while accepted.streams.isEmpty { try await sleep(for: .milliseconds(1)) }
      for stream in accepted.streams + [client] { stream.close() }
      second.close()
      socket.close()
    }
  }

  @Test("IPv6 addresses are bound, and names other than localhost are refused")
  func addresses() async throws {
    try await onLoop {
      let socket = try InheritableSocket(host: "::1", port: 0, isShared: true)
      #expect(socket.localAddress.host == "::1")
      socket.close()
      #expect(throws: UVError.invalidArgument) {
        _ = try InheritableSocket(host: "example.com", port: 0, isShared: true)
      }
    }
  }
}

@LoopActor private final class Accepted {
  var streams: [TCPStream] = []
}
