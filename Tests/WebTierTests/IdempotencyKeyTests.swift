import Foundation
import Jobs
import Testing

@testable import WebTier

@Suite("Idempotency keys")
struct IdempotencyKeyTests {
  func key(_ fields: String..., of client: String = "") -> IdempotencyKey? {
    IdempotencyKey(fields, of: client, upTo: 255)
  }

  @Test("a structured field's string and the same characters without quotation marks are one key")
  func quoted() {
    #expect(key("\"8e03978e-40d5\"") != nil && key("\"8e03978e-40d5\"") == key("8e03978e-40d5"))
    #expect(key(#""a\"b\\c""#) != nil && key(#""a\"b\\c""#) != key(#""abc""#))
    #expect(key("\"a b, c; d\"") != nil)
  }

  @Test(
    "what is no key is none",
    arguments: [
      "", "\"\"", "\"open", "\"", "a b", "a,b", "a;b", "a\"b", "\"a\" ", "\"a\"b", "\"a\";p=1", #""\n""#, #""a\""#,
      "\"a\u{9}\"", "\u{E9}", "\"\u{E9}\"", "\"a\u{7F}\"",
    ])
  func malformed(text: String) { #expect(key(text) == nil) }

  @Test("one field, 255 bytes")
  func bounds() {
    #expect(key() == nil)
    #expect(key("a", "a") == nil)
    let longest = String(repeating: "k", count: 255)
    #expect(key(longest) != nil && key("\"\(longest)\"") != nil)
    #expect(key(longest + "k") == nil && key("\"\(longest)k\"") == nil)
  }

  @Test("the same key of two clients is two keys")
  func scopes() {
    #expect(key("k", of: "a") != key("k", of: "b"))
    #expect(key("bk", of: "a") != key("k", of: "ab"))
  }

  @Test("its ids are the same all day, in UTC")
  func days() throws {
    let midnight = Date(timeIntervalSince1970: 20_000 * 86_400)
    #expect(IdempotencyKey.day(of: midnight) == 20_000)
    #expect(IdempotencyKey.day(of: midnight.addingTimeInterval(86_399.999)) == 20_000)
    #expect(IdempotencyKey.day(of: midnight.addingTimeInterval(-0.001)) == 19_999)
    let key = try #require(self.key("k"))
    #expect(key.id(of: 1, on: 20_000) == key.id(of: 1, on: 20_000))
    #expect(key.id(of: 1, on: 20_000) != key.id(of: 1, on: 20_001))
    #expect(key.id(of: 1, on: 20_000).description.hasPrefix(key.prefix(on: 20_000)))
  }
}
