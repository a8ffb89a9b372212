import EventLoop
import Testing

@Suite("IP addresses")
struct IPAddressTests {
  @Test(
    "addresses read and write themselves",
    arguments: ["127.0.0.1", "255.255.255.255", "0.0.0.0", "::", "::1", "2001:db8::1:0:0:1", "fe80::1"])
  func text(_ text: String) throws {
    #expect(try #require(IPAddress(text)).description == text)
  }

  @Test("what is no address is none", arguments: ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "[::1]", "g::", "localhost"])
  func noAddress(_ text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test("a mapped IPv4 address is the IPv4 address, and a zone is passed over")
  func mapped() {
    #expect(IPAddress("::ffff:192.0.2.1") == IPAddress("192.0.2.1"))
    #expect(IPAddress("fe80::1%eth0") == IPAddress("fe80::1"))
    #expect(IPAddress("192.0.2.1")?.isIPv4 == true)
    #expect(IPAddress("::1")?.isIPv4 == false)
  }

  @Test("a subscriber is an IPv4 address or an IPv6 /64")
  func subscriber() {
    #expect(IPAddress("2001:db8:1:2::3")?.subscriber == IPAddress("2001:db8:1:2:ffff::9")?.subscriber)
    #expect(IPAddress("2001:db8:1:2::3")?.subscriber != IPAddress("2001:db8:1:3::3")?.subscriber)
    #expect(IPAddress("192.0.2.1")?.subscriber != IPAddress("192.0.2.2")?.subscriber)
  }

  @Test(
    "blocks hold what begins like them",
    arguments: [
      ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.0/8", "::10.0.0.1", false),
      ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "2001:db8::1", true),
      ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false), ("192.0.2.6/31", "192.0.2.7", true),
      ("2001:db8::/33", "2001:db8:7fff::", true), ("2001:db8::/33", "2001:db8:8000::", false),
      ("2001:db8::/126", "2001:db8::3", true), ("2001:db8::/126", "2001:db8::4", false),
    ])
  func contains(_ block: String, _ address: String, _ isIn: Bool) throws {
    #expect(try #require(Subnet(block)).contains(try #require(IPAddress(address))) == isIn)
  }

  @Test(
    "what is no block is none", arguments: ["10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "/8"])
  func noBlock(_ text: String) {
    #expect(Subnet(text) == nil)
  }
}
