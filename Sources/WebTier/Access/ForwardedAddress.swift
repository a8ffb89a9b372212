import EventLoop
import HTTP

/// Who a request comes from when it has come through proxies: each appends the address it was connected from to
/// `X-Forwarded-For`, so that what stands left of the first untrusted address from the right may be anybody's invention.
enum ForwardedAddress {
  static func client(
    of peer: IPAddress, _ headers: HTTPHeaders, trusting proxies: [Subnet]
  ) -> IPAddress {
    guard proxies.contains(where: { $0.contains(peer) }) else { return peer }
    var client = peer
    // Several fields are one list (RFC 9110 §5.3).
    return headers.lastToFirst("x-forwarded-for") { value -> IPAddress? in
      let list = value.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
      for element in list.split(separator: ",").reversed() {
        // Whatever it is, the last address that we know is the one of the proxy that passed it on.
        guard let address = address(in: element) else { return client }
        client = address
        if !proxies.contains(where: { $0.contains(address) }) { return client }
      }
      return nil
    } ?? client
  }

  /// Some proxies add the port: `192.0.2.1:5678`, `[2001:db8::1]:5678`.
  private static func address(in element: Substring) -> IPAddress? {
    let text = element.drop { " \t".contains($0) }.prefix { !" \t".contains($0) }
    if text.hasPrefix("[") { return IPAddress(text.dropFirst().prefix { $0 != "]" }) }
    if let address = IPAddress(text) { return address }
    return IPAddress(text.prefix { $0 != ":" })
  }
}
