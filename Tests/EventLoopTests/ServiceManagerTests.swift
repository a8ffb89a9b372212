import EventLoop
import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct ServiceManagerTests {
  @Test("systemd hears of start and end, at a path and at an abstract name", arguments: [false, true])
  func states(isAbstract: Bool) async throws {
    let socket = try NotifySocket(isAbstract: isAbstract)
    try await onLoop {
      let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": socket.name]))
      manager.ready()
      manager.stopping()
      manager.close()
    }
    #expect(try socket.receive() == "READY=1")
    #expect(try socket.receive() == "STOPPING=1")
  }

  @Test("the watchdog is fed until the end, and only by the process that it watches")
  func watchdog() async throws {
    let socket = try NotifySocket(isAbstract: true)
    let environment = ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "2000", "WATCHDOG_PID": "\(getpid())"]
    try await onLoop {
      let manager = try #require(ServiceManager(environment: environment))
      let other = try #require(ServiceManager(environment: environment, processIdentifier: getpid() + 1))
      for _ in 1...3 {
        #expect(try await EventLoop.shared.offload { try socket.receive() } == "WATCHDOG=1")
      }
      manager.close()
      // What was on its way.
      while socket.hasMore { #expect(try socket.receive() == "WATCHDOG=1") }
      other.ready()
      #expect(try socket.receive() == "READY=1")
      other.close()
    }
  }

  @Test(
    "who was not started by systemd tells nobody",
    arguments: [
      [:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "relative"],
      ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)],
    ])
  func absent(environment: [String: String]) async throws {
    try await onLoop { #expect(ServiceManager(environment: environment) == nil) }
  }

  @Test("a manager that has gone is not waited for")
  func gone() async throws {
    let socket = try NotifySocket(isAbstract: false)
    socket.close()
    try await onLoop {
      let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": socket.name]))
      manager.ready()
      manager.close()
    }
  }
}

/// systemd's end.
private final class NotifySocket: Sendable {
  let name: String
  private let descriptor: Int32

  init(isAbstract: Bool) throws {
    let path = NSTemporaryDirectory() + "saccade-notify-" + UUID().uuidString
    name = isAbstract ? "@" + path.dropFirst() : path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    if isAbstract { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let count = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1))
    let status = withUnsafeBytes(of: address) {
      bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, count)
    }
    try #require(status == 0, "bind: \(errno)")
  }

  deinit {
    Glibc.close(descriptor)
    if name.hasPrefix("/") { unlink(name) }
  }

  /// As if systemd had gone.
  func close() { unlink(name) }

  /// Waits for the next datagram.
  func receive() throws -> String {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    try #require(count >= 0)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  var hasMore: Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) >= 0
  }
}
