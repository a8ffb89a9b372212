import EventLoop
import Jobs
import TestSupport
import Testing

@Suite("Object keys")
struct ObjectKeyTests {
  static let id = JobID(JobIDTests.example)

  func key(_ fileName: String) throws -> ObjectKey {
    ObjectKey(id: try #require(Self.id), fileName: fileName)
  }

  @Test("a key is the id, a slash and the name; the result's has .json after it")
  func texts() throws {
    let key = try key("test_0.JPEG")
    #expect(key.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f/test_0.JPEG")
    #expect(key.resultKey == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f/test_0.JPEG.json")
    #expect(key.description.hasPrefix(ObjectKey.prefix(of: key.id)))
  }

  @Test("a result's key reads back as its image's")
  func resultKeys() throws {
    for name in ["test_0.JPEG", "a.json", String(repeating: "s", count: 128)] {
      let key = try key(name)
      #expect(ObjectKey(resultKey: key.resultKey) == key)
    }
    #expect(ObjectKey(resultKey: try key("test_0.JPEG").description) == nil)
    #expect(ObjectKey(resultKey: ".json") == nil)
  }

  @Test(
    "a stranger's name is sanitised",
    arguments: [
      ("cat.jpg", "cat.jpg"), ("my cat (1).jpg", "my_cat_1_.jpg"), ("猫.jpg", "_.jpg"), ("猫", "image"),
      ("", "image"), (".", "image"), ("..", "image"), ("...", "image"), ("_", "image"), ("/", "image"),
      ("../../etc/passwd", "passwd"), (#"C:\Users\me\cat.jpg"#, "cat.jpg"), ("a/b/..", "image"),
      ("a\u{0}b\r\nc.png", "a_b_c.png"), (".hidden", ".hidden"), ("-rf", "-rf"), ("a%2Fb.jpg", "a_2Fb.jpg"),
      ("é.é.é", "_._._"), ("a\"<script>.gif", "a_script_.gif"),
    ])
  func sanitising(name: String, expected: String) throws {
    // A name of nothing but blanks and dots says nothing either.
    #expect(try key(name).fileName == (expected == "_._._" ? "image" : expected))
  }

  @Test("a name that is too long keeps its extension, unless that is too long itself")
  func truncation() throws {
    let stem = String(repeating: "s", count: 200)
    #expect(try key(stem + ".jpeg").fileName == stem.prefix(123) + ".jpeg")
    #expect(try key(stem).fileName == stem.prefix(128))
    let most = "." + String(repeating: "e", count: 16)
    #expect(try key(stem + most).fileName == stem.prefix(111) + most)
    #expect(try key(stem + most + "e").fileName == stem.prefix(128))
    #expect(try key(String(repeating: "s", count: 128)).fileName.utf8.count == 128)
    #expect(try key(String(repeating: "é", count: 5000) + "a.png").fileName == "_a.png")
  }

  @Test("every key that is made reads back as itself, from whatever name")
  func roundTrip() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("object key seed: \(seed)")
    var random = SplitMix64(seed: seed)
    let alphabet: [Character] = ["a", "Z", "0", ".", ".", "/", "\\", "_", "-", " ", "é", "猫", "\u{0}", "\n", "%"]
    for _ in 0..<5000 {
      let count = Int.random(in: 0...200, using: &random)
      let name = String((0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
      let key = try key(name)
      #expect(ObjectKey(key.description) == key, "\(name.debugDescription)")
      #expect(key.fileName != "." && key.fileName != ".." && (1...128).contains(key.fileName.utf8.count))
    }
  }

  @Test(
    "what could not have been made is refused",
    arguments: [
      "", "/", "cat.jpg", "/cat.jpg", "ID/", "ID", "ID//cat.jpg", "ID/a/b", "ID/.", "ID/..", "ID/...", "ID/a b",
      "ID/é", "ID/a\u{0}", "../ID/a", " ID/a", "ID/a\n", "ID/" + String(repeating: "a", count: 129),
    ])
  func refused(text: String) {
    #expect(ObjectKey(text.replacing("ID", with: JobIDTests.example)) == nil)
  }

  @Test("an id in upper case is refused in a key too")
  func upperCase() {
    #expect(ObjectKey(JobIDTests.example.uppercased() + "/a") == nil)
  }
}
