import AWS
import Testing

@Suite("digests")
struct DigestTests {
  @Test("SHA-256, SHA-1 and MD5 of \"abc\" are the published ones (FIPS 180-4, RFC 1321)")
  func published() {
    #expect(
      Hexadecimal.encode(MessageDigest.sha256.hash("abc"))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Hexadecimal.encode(MessageDigest.sha1.hash("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(Hexadecimal.encode(MessageDigest.md5.hash("abc")) == "900150983cd24fb0d6963f7d28e17f72")
  }

  @Test("a digest in pieces is the digest of the whole, at every split")
  func pieces() {
    let whole = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for split in whole.indices {
      var running = RunningDigest(.sha256)
      running.update(Array(whole[..<split]))
      running.update(Array(whole[split...]))
      #expect(running.finish() == MessageDigest.sha256.hash(whole))
      let (first, second) = (Array(whole[..<split]), Array(whole[split...]))
      #expect(MessageDigest.sha256.hash(first.span, second.span) == MessageDigest.sha256.hash(whole))
    }
  }

  @Test("HMAC-SHA-256 is RFC 4231's, with short, long and longer-than-a-block keys")
  func hmac() {
    func code(_ key: [UInt8], _ message: String) -> String {
      Hexadecimal.encode(HMACSHA256.authenticationCode(for: Array(message.utf8), key: key))
    }
    #expect(
      code([UInt8](repeating: 0x0B, count: 20), "Hi There")
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      code(Array("Jefe".utf8), "what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      code([UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First")
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test("CRC-32C of \"123456789\" is e3069283, in one piece and in two, and S3 writes it in base64")
  func crc32c() {
    let text = Array("123456789".utf8)
    #expect(CRC32C(of: text).value == 0xE306_9283)
    for split in text.indices {
      var checksum = CRC32C()
      checksum.update(Array(text[..<split]))
      checksum.update(Array(text[split...]))
      #expect(checksum.value == 0xE306_9283)
    }
    #expect(CRC32C(of: text).base64 == "4waSgw==")
    #expect(CRC32C().value == 0)
    // RFC 3720 appendix B.4: 32 bytes of zeros.
    #expect(CRC32C(of: [UInt8](repeating: 0, count: 32)).value == 0x8A91_36AA)
    // The trailer of S3's published example, over its 65 KiB of "a".
    #expect(CRC32C(of: [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)).base64 == "sOO8/Q==")
  }

  @Test("hexadecimal and base64 survive a round trip and refuse what they are not")
  func encodings() {
    let bytes = (0...255).map { UInt8($0) }
    #expect(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
    #expect(Hexadecimal.decode("AbCd") == [0xAB, 0xCD])
    for wrong in ["a", "zz", "0x", " 0"] { #expect(Hexadecimal.decode(wrong) == nil) }
    #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    for wrong in ["a", "ab=", "a b=", "ab==\n"] { #expect(Base64.decode(wrong) == nil, "\(wrong)") }
  }

  @Test("comparing codes tells equal from different, of whatever length")
  func comparison() {
    #expect(HMACSHA256.isEqual([], []))
    #expect(HMACSHA256.isEqual([1, 2], [1, 2]))
    #expect(!HMACSHA256.isEqual([1, 2], [1, 3]))
    #expect(!HMACSHA256.isEqual([1, 2], [1, 2, 3]))
  }
}
