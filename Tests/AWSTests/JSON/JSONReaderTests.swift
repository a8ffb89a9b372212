import EventLoop
import Foundation
import TestSupport
import Testing

@testable import AWS

@Suite("JSON that is read in one pass")
struct JSONReaderTests {
  private static func read(_ text: String) throws -> [String: String] {
    var reader = JSONReader(Array(text.utf8))
    var members: [String: String] = [:]
    try reader.object { (reader, name) throws(JSONReader.Failure) in
      switch name {
      case "text": members["text"] = try reader.string()
      case "count": members["count"] = String(try reader.integer())
      case "share": members["share"] = String(try reader.number())
      case "isOn": members["isOn"] = String(try reader.boolean())
      case "maybe": members["maybe"] = try reader.numberIfAny().map { String($0) } ?? "none"
      default: try reader.skip()
      }
    }
    try reader.end()
    return members
  }

  @Test("members in any order, with blanks, between others of every kind")
  func members() throws {
    let text = """
       { "other" : [ 1 , { "text" : null } , [ ] , "\\u00e9" , -0.5e+3 ] , "count" : -12 ,
      "text":"a","share":1e-2,"isOn":true,"maybe":{"a":[]},"nothing":null,"no":false }\t
      """
    let members = try Self.read(text)
    #expect(members == ["text": "a", "count": "-12", "share": "0.01", "isOn": "true", "maybe": "none"])
  }

  @Test(
    "escapes",
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
      (#""a\ud83d\uDE00b""#, "a😀b"), (#""é😀""#, "é😀"), (#""""#, ""),
    ])
  func escapes(json: String, text: String) throws {
    var reader = JSONReader(Array(json.utf8))
    #expect(try reader.string() == text)
  }

  @Test(
    "what is no JSON is refused",
    arguments: [
      "", "{", "{}x", "{}{}", "[1]", "{\"text\"}", "{\"text\":}", "{\"text\":\"a}", "{\"text\":\"a\",}", "{,}",
      "{\"x\":[1,]}", "{\"x\":[1 2]}", "{\"x\":01}", "{\"x\":1.}", "{\"x\":.5}", "{\"x\":1e}", "{\"x\":+1}",
      "{\"x\":--1}",
      "{\"x\":nul}", "{\"x\":tru}", "{\"text\":\"\\x\"}", "{\"text\":\"\\u12g4\"}", "{\"text\":\"\\ud800\"}",
      "{\"text\":\"\\ud800\\u0041\"}", "{\"text\":\"\\udc00\"}", "{\"text\":\"a\u{1}b\"}", "{\"text\":7}",
      "{\"count\":1.5}",
      "{\"count\":\"1\"}", "{\"count\":99999999999999999999}", "{\"isOn\":1}", "{text:1}", "{\"x\":\"\\",
      "{\"x\":\"\\u12",
    ])
  func refusals(text: String) {
    #expect(throws: JSONReader.Failure.self) { try Self.read(text) }
  }

  @Test("brackets within each other end at a bound")
  func depth() throws {
    func nested(_ depth: Int) -> String {
      "{\"x\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
    #expect(throws: Never.self) { try Self.read(nested(63)) }
    #expect(throws: JSONReader.Failure.self) { try Self.read(nested(64)) }
    #expect(throws: JSONReader.Failure.self) { try Self.read("{\"x\":" + String(repeating: "[", count: 100_000)) }
  }

  @Test("cut off anywhere, a document is an error and never a trap")
  func cuts() {
    let text = Array(#"{"text":"a\u00e9\ud83d\ude00","x":[{"y":-1.5e+7},true,null],"count":12}"#.utf8)
    for end in 0..<text.count {
      #expect(throws: JSONReader.Failure.self) { try Self.read(String(decoding: text[..<end], as: UTF8.self)) }
    }
  }

  @Test("agrees with Foundation on damaged documents about what is one", arguments: [11 as UInt64, 12])
  func damage(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let text = Array(#"{"a":[1,-2.5e3,"x\n\u00e9"],"b":{"c":null,"d":true},"e":""}"#.utf8)
    for _ in 0..<2000 {
      var bytes = text
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0x20...0x7E, using: &random)
      }
      var reader = JSONReader(bytes)
      let accepts: Bool
      do {
        try reader.skip()
        try reader.end()
        accepts = true
      } catch {
        accepts = false
      }
      // Foundation takes half a pair of surrogates in a value that nobody asks for; there is none here.
      let isJSON = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
      #expect(accepts == isJSON, "\(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test("numbers are what Swift makes of them, to the last bit", arguments: [21 as UInt64, 22])
  func numbers(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var texts = ["0", "-0", "-0.0", "0.1", "999999999999999", "9999999999999999", "0.000000000001", "1e-2", "12.50"]
    for _ in 0..<3000 {
      let integer = String(
        UInt64.random(in: 0...UInt64(1) << UInt64.random(in: 0...60, using: &random), using: &random))
      let fraction = (0..<Int.random(in: 0...12, using: &random))
        .map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
      let sign = Bool.random(using: &random) ? "-" : ""
      texts.append(sign + integer + (fraction.isEmpty ? "" : "." + fraction))
    }
    for text in texts {
      var reader = JSONReader(Array(text.utf8))
      #expect(try reader.number().bitPattern == Double(text)?.bitPattern, "\(text)")
    }
  }

  @Test("the next special character is found wherever it stands, whatever stands around it", arguments: [31 as UInt64])
  func specials(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    // Neighbours of the special ones, their like with the high bit set, and what borrows in a subtraction.
    let alphabet: [UInt8] = [0, 1, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x7F, 0x80, 0x9F, 0xA2, 0xDC, 0xFF]
    for _ in 0..<4000 {
      let isRare = Bool.random(using: &random)
      let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        isRare && Int.random(in: 0..<20, using: &random) > 0
          ? UInt8(ascii: "a") : alphabet.randomElement(using: &random)!
      }
      for start in 0...text.count {
        let plain = text[start...].firstIndex { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C } ?? text.count
        #expect(text.withUnsafeBufferPointer { JSONText.firstSpecial(in: $0, from: start) } == plain)
      }
    }
  }
}
