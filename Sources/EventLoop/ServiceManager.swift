import CLibuv
import Glibc

/// Who started this process and waits to hear how it is: systemd, of a unit with `Type=notify`.
///
/// Source: sd_notify(3) and sd_watchdog_enabled(3): lines of `NAME=value` in a datagram to the socket that `NOTIFY_SOCKET`
/// names. The watchdog is fed from the loop, so a process whose loop hangs is started anew.
@LoopActor
package final class ServiceManager {
  private let descriptor: Int32
  private let address: sockaddr_un
  private let addressByteCount: Int
  private var watchdog: LoopTimer?

  /// - Parameter processIdentifier: Whose watchdog it must be, if the environment says whose it is.
  /// - Returns: `nil` when nobody waits.
  package init?(environment: [String: String], processIdentifier: Int32 = getpid()) {
    guard let path = environment["NOTIFY_SOCKET"], let (address, byteCount) = Self.address(of: path) else { return nil }
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    self.address = address
    addressByteCount = byteCount
    let isOurs = environment["WATCHDOG_PID"].map { $0 == String(processIdentifier) } ?? true
    guard isOurs, let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
      return
    }
    let watchdog = LoopTimer { [unowned self] in send("WATCHDOG=1", flags: Int32(MSG_DONTWAIT)) }
    // Half the time, as sd_watchdog_enabled(3) recommends.
    watchdog.start(after: .zero, repeating: .microseconds(microseconds) / 2)
    self.watchdog = watchdog
  }

  /// The service can be used.
  package func ready() { send("READY=1") }

  /// The service finishes what it has, and ends.
  package func stopping() { send("STOPPING=1") }

  /// Once, when nothing is to be told any more.
  package func close() {
    watchdog?.close()
    watchdog = nil
    Glibc.close(descriptor)
  }

  /// A manager that has gone is not waited for; it takes its services with it.
  private func send(_ state: String, flags: Int32 = 0) {
    withUnsafeBytes(of: address) { address in
      let bytes = Array(state.utf8)
      _ = sendto(
        descriptor, bytes, bytes.count, flags | Int32(MSG_NOSIGNAL),
        address.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(addressByteCount))
    }
  }

  /// A path, or with `@` at its beginning a name in the abstract namespace, which begins with a zero byte.
  private static func address(of path: String) -> (sockaddr_un, Int)? {
    var bytes = Array(path.utf8)
    var address = sockaddr_un()
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard let first = bytes.first, first == UInt8(ascii: "@") || first == UInt8(ascii: "/"), bytes.count < room else {
      return nil
    }
    if first == UInt8(ascii: "@") { bytes[0] = 0 }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    // A path ends with a zero byte, an abstract name with the address.
    return (address, offset + bytes.count + (bytes[0] == 0 ? 0 : 1))
  }
}
