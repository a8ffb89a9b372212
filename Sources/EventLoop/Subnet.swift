/// A block of addresses in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3): `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct Subnet: Sendable, Hashable {
  private let network: UInt64
  private let interface: UInt64
  private let networkMask: UInt64
  private let interfaceMask: UInt64

  /// - Returns: `nil` for what is not CIDR, and for an address with bits beyond its prefix: `10.0.0.1/8` may mean two things.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let address = IPAddress(first) else { return nil }
    // A mapped IPv4 address begins after 96 bits.
    let offset = address.isIPv4 && !first.contains(":") ? 96 : 0
    var prefix = 128
    if parts.count == 2 {
      guard let length = Int(parts[1]), (0...128 - offset).contains(length) else { return nil }
      prefix = offset + length
    }
    networkMask = Subnet.mask(min(prefix, 64))
    interfaceMask = Subnet.mask(max(prefix, 64) - 64)
    network = address.network
    interface = address.interface
    guard network & ~networkMask == 0, interface & ~interfaceMask == 0 else { return nil }
  }

  package func contains(_ address: IPAddress) -> Bool {
    address.network & networkMask == network && address.interface & interfaceMask == interface
  }

  /// So many leading ones.
  private static func mask(_ count: Int) -> UInt64 { count == 0 ? 0 : UInt64.max << UInt64(64 - count) }
}
