import HTTP
import Testing

@Suite("RFC 7240: preferences")
struct PreferencesTests {
  @Test("§2: names are compared without regard to case, white space does not count")
  func syntax() {
    let preferences = Preferences(["Respond-Async,WAIT = 10 ; foo; bar=1, lenient=\"a, b\"; x", "return=minimal"])
    #expect(preferences["respond-async"] == "")
    #expect(preferences["wait"] == "10")
    #expect(preferences["lenient"] == "a, b")
    #expect(preferences["return"] == "minimal")
    #expect(preferences["foo"] == nil && preferences["bar"] == nil && preferences["b"] == nil)
  }

  @Test("§2: of a preference that comes twice the first counts, in whatever field")
  func duplicates() {
    #expect(Preferences(["wait=1, wait=2", "wait=3"])["wait"] == "1")
    #expect(Preferences(["foo", "wait=\"3\", foo=4"])["foo"] == "")
  }

  @Test("what is in quotes is no preference")
  func quoted() {
    #expect(Preferences([#"foo="a, wait=1, \", wait=2", bar; baz=", wait=3""#])["wait"] == nil)
  }

  @Test(
    "what is malformed is none, and takes nothing with it",
    arguments: ["=1", "foo bar", "foo=", "foo=\"open", "foo;;=", "\"foo\"", "foo=1 2", "foo=,", "@", "foo;bar=;", ""])
  func malformed(text: String) {
    let preferences = Preferences(["first, \(text), wait=5", "last"])
    #expect(preferences["first"] == "" && preferences["last"] == "" && preferences["foo"] == nil)
    // An open quotation has no end before the field's.
    #expect(preferences["wait"] == (text.contains("\"open") ? nil : "5"))
  }

  @Test("empty elements and parameters are allowed")
  func empty() {
    let preferences = Preferences([", ,a,,b;;x=1;,", ""])
    #expect(preferences["a"] == "" && preferences["b"] == "" && preferences["x"] == nil)
  }
}
