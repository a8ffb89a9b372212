import AWS
import Testing

@testable import WebTier

@Suite("The file of API keys")
struct APIKeyFileTests {
  private let hash = String(repeating: "ab", count: 32)

  private func parse(_ text: String, _ limits: AccessLimits = AccessLimits()) throws(APIKeyFileError) -> APIKeyTable {
    try APIKeyFile.parse(text, path: "keys", limits: limits)
  }

  @Test("a made key is found by the line that was made with it")
  func generated() throws {
    let keys = (0..<50).map { _ in APIKey.generate() }
    #expect(Set(keys).count == 50)
    let text = keys.enumerated().map { APIKey.line(name: "k\($0)", key: $1, rate: $0 == 7 ? "5/m:9" : nil) }
    let table = try parse(text.joined(separator: "\n"))
    for (number, key) in keys.enumerated() {
      let index = try #require(table.index(of: MessageDigest.sha256.hash(key)))
      #expect(table.entries[index].name == "k\(number)")
      #expect(table.entries[index].rate == (number == 7 ? RateLimit("5/m:9") : nil))
      #expect(!text[number].contains(key))
    }
    #expect(table.index(of: MessageDigest.sha256.hash(APIKey.generate())) == nil)
  }

  @Test("an operator's line says so at its end, with a rate before it or without")
  func operators() throws {
    let made = APIKey.line(name: "made", key: "made", rate: "5/m:9", isAdmin: true)
    let lines = ["old:\(hash)", "rated:\(hash.replacing("ab", with: "cd")):10/s:20"]
    let marked = ["a:\(hash.replacing("ab", with: "01")):admin", "b:\(hash.replacing("ab", with: "02")):10/s:20:admin"]
    let entries = try parse((lines + marked + [made]).joined(separator: "\n")).entries
    #expect(entries.map(\.isAdmin) == [false, false, true, true, true])
    #expect(entries.map(\.rate) == [nil, RateLimit("10/s:20"), nil, RateLimit("10/s:20"), RateLimit("5/m:9")])
    for end in [":Admin", ":admin:10/s", "::admin", ":administrator", ":10/s:20:30:admin"] {
      #expect(throws: APIKeyFileError.self, "\(end)") { try parse("a:\(hash)\(end)") }
    }
  }

  @Test("comments, blank lines and blanks around a line do not count, nor the case of the hash")
  func comments() throws {
    let table = try parse("# keys\n\n  \r\n\talice:\(hash.uppercased()) \r\n#bob:\(hash)\n")
    #expect(table.entries.map(\.name) == ["alice"])
    #expect(table.index(of: [UInt8](repeating: 0xAB, count: 32)) == 0)
    #expect(try parse("").entries.isEmpty)
  }

  @Test("a broken line is named, and what it holds is not told")
  func broken() {
    for line in [
      "alice", "alice:", ":\(hash)", "alice:\(hash)00", "alice:\(hash.dropLast(1))", "alice:\(hash.dropLast(2))zz",
      "al ice:\(hash)", "alice:\(hash):", "alice:\(hash):fast", "saccade_secret:x", "first:\(hash)",
      "\(String(repeating: "a", count: 65)):\(hash)",
    ] {
      do throws(APIKeyFileError) {
        _ = try parse("# comment\nfirst:\(hash)\n\(line)\n")
        Issue.record("taken: \(line)")
      } catch {
        #expect(error.line == 3)
        #expect(!error.description.contains("secret"))
      }
    }
  }

  @Test("there are no more keys than may be, and the file is no longer than it may be")
  func bounds() throws {
    var limits = AccessLimits()
    limits.keyCountMax = 2
    let lines = (0..<3).map { APIKey.line(name: "k\($0)", key: "key\($0)", rate: nil) }
    #expect(try parse(lines[..<2].joined(separator: "\n"), limits).entries.count == 2)
    #expect(throws: APIKeyFileError.self) { try parse(lines.joined(separator: "\n"), limits) }
    limits.keyFileByteCountMax = 1
    #expect(throws: APIKeyFileError.self) { try APIKeyFile.read("/proc/self/status", limits: limits) }
    #expect(throws: APIKeyFileError.self) { try APIKeyFile.read("/nowhere/keys", limits: limits) }
  }

  @Test("reading the file again gives nobody a new burst")
  func inheritance() throws {
    let now = ContinuousClock.now
    var table = try parse("a:\(hash):1/h")
    #expect(table.take(0, orBy: nil) { now } == nil)
    var next = try parse("b:\(String(repeating: "cd", count: 32))\na:\(hash):1/h\n")
    next.inheritBuckets(of: table)
    #expect(next.take(1, orBy: nil) { now } == .seconds(3600))
  }
}
