import Glibc

/// An IPv4 or IPv6 address as a number: what strangers are counted by.
///
/// IPv4 is kept in its mapped form, `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2), so that a client is the same whichever kind of
/// socket it came through.
package struct IPAddress: Sendable, Hashable {
  /// The first 64 bits.
  package let network: UInt64
  /// The last 64 bits.
  package let interface: UInt64

  private static let mappedPrefix: UInt64 = 0xFFFF << 32

  init(network: UInt64, interface: UInt64) {
    self.network = network
    self.interface = interface
  }

  /// Reads numeric text: dotted IPv4, or IPv6 without brackets; a zone (`%eth0`) is passed over.
  package init?(_ text: some StringProtocol) {
    var text = text.prefix { $0 != "%" }.utf8.map(CChar.init(bitPattern:))
    text.append(0)
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      self.init(network: 0, interface: IPAddress.mappedPrefix | UInt64(UInt32(bigEndian: four.s_addr)))
      return
    }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    self = withUnsafeBytes(of: six) { bytes in
      IPAddress(
        network: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        interface: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }

  package var isIPv4: Bool { network == 0 && interface >> 32 == 0xFFFF }

  /// What one subscriber has: an IPv4 address, or an IPv6 /64. Within a /64 a host chooses addresses as it likes
  /// (RFC 4291 §2.5.4, RFC 8981), so that counting by whole IPv6 addresses would count nobody.
  package var subscriber: IPAddress { isIPv4 ? self : IPAddress(network: network, interface: 0) }
}

extension IPAddress: CustomStringConvertible {
  package var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    if isIPv4 {
      var four = in_addr(s_addr: UInt32(truncatingIfNeeded: interface).bigEndian)
      inet_ntop(AF_INET, &four, &text, socklen_t(text.count))
    } else {
      var halves = (network.bigEndian, interface.bigEndian)
      inet_ntop(AF_INET6, &halves, &text, socklen_t(text.count))
    }
    return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }
}
