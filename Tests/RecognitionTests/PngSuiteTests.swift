import Foundation
import TestSupport
import Testing

@testable import Recognition

@Suite("PngSuite", .enabled(if: Fixtures.exists(Fixtures.pngSuite), "the PngSuite vectors are not here"))
struct PngSuiteTests {
  private let decoder = ImageDecoder()

  private func pixels(_ name: String) throws -> [UInt8] {
    let bytes = try Fixtures.bytes(Fixtures.pngSuite.appending(path: name + ".png"))
    return try bytes.withUnsafeBytes { try VipsPicture(file: $0, format: .png).rgb8().pixels() }
  }

  @Test("every valid file decodes")
  func valid() throws {
    let files = Fixtures.files(in: Fixtures.pngSuite).filter { !$0.lastPathComponent.hasPrefix("x") }
    #expect(files.count >= 150)
    for file in files {
      let bytes = try Fixtures.bytes(file)
      #expect(throws: Never.self, "\(file.lastPathComponent)") { try decoder.decode(bytes) }
    }
  }

  @Test("every file made to be wrong is refused")
  func invalid() throws {
    let files = Fixtures.files(in: Fixtures.pngSuite).filter { $0.lastPathComponent.hasPrefix("x") }
    #expect(files.count >= 14)
    for file in files {
      let bytes = try Fixtures.bytes(file)
      #expect(throws: DecodeError.self, "\(file.lastPathComponent)") { try decoder.decode(bytes) }
    }
  }

  @Test(
    "files that hold one picture in different ways give the same pixels",
    arguments: [
      ["basn0g01", "basi0g01"], ["basn0g02", "basi0g02"], ["basn0g04", "basi0g04"], ["basn0g08", "basi0g08"],
      ["basn0g16", "basi0g16", "oi1n0g16", "oi2n0g16", "oi4n0g16", "oi9n0g16"], ["basn2c08", "basi2c08"],
      ["basn2c16", "basi2c16", "oi1n2c16", "oi2n2c16", "oi4n2c16", "oi9n2c16", "pp0n2c16", "ps1n2c16", "ps2n2c16"],
      ["basn3p01", "basi3p01"], ["basn3p02", "basi3p02"], ["basn3p04", "basi3p04"], ["basn3p08", "basi3p08"],
      ["basn4a08", "basi4a08", "bgai4a08"], ["basn4a16", "basi4a16", "bgai4a16", "bggn4a16"],
      ["basn6a08", "basi6a08", "bgan6a08", "bgwn6a08"], ["basn6a16", "basi6a16", "bgan6a16", "bgyn6a16"],
      ["z00n2c08", "z03n2c08", "z06n2c08", "z09n2c08"], ["s01n3p01", "s01i3p01"], ["s09n3p02", "s09i3p02"],
      ["s32n3p04", "s32i3p04"], ["s33n3p04", "s33i3p04"], ["s40n3p04", "s40i3p04"],
    ])
  func families(names: [String]) throws {
    let first = try pixels(names[0])
    for name in names.dropFirst() {
      #expect(try pixels(name) == first, "\(name) differs from \(names[0])")
    }
  }

  @Test("low bit depths, 16 bits and alpha become the right 8 bits")
  func depths() throws {
    // basn0g08 and basn0g16 are known gradients; the 1-bit file holds black and white only.
    #expect(Set(try pixels("basn0g01")) == [0, 255])
    #expect(Set(try pixels("basn0g02")) == [0, 85, 170, 255])
    #expect(try pixels("basn0g04").allSatisfy { $0 % 17 == 0 })
    #expect(Set(try pixels("basn0g08")) == Set(0...255))
    // A 32 × 32 picture fading in over white: its first column is transparent in basn4a08 (alpha from 0 to 255).
    let faded = try pixels("basn4a08")
    #expect(Array(faded[0..<3]) == [255, 255, 255])
    // cs8n2c08 marks 8 significant bits and cs5n2c08 5 of the same picture: within one 5-bit step of each other.
    #expect(difference(try pixels("cs8n2c08"), try pixels("cs5n2c08")).max <= 8)
  }
}
