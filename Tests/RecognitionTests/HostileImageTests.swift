import CTurboJPEG
import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Recognition

@Suite("Hostile images")
struct HostileImageTests {
  private let decoder = ImageDecoder()

  func code(_ file: [UInt8], limits: ImageLimits = ImageLimits()) -> String? {
    do {
      _ = try ImageDecoder(limits: limits).decode(file)
      return nil
    } catch {
      return error.code
    }
  }

  private static let scene = Picture.scene(width: 500, height: 375)

  /// One sample a format, those left out that this installation cannot write.
  static let samples: [(name: String, bytes: [UInt8])] =
    [
      ("JPEG", scene.jpeg(subsampling: TJSAMP_420)),
      ("progressive JPEG", scene.jpeg(subsampling: TJSAMP_420, flags: TJFLAG_PROGRESSIVE)),
      ("grey JPEG", scene.jpeg(subsampling: TJSAMP_GRAY)),
      (
        "CMYK JPEG",
        Picture(width: 500, height: 375, bandCount: 4) { x, y in [UInt8(x / 2), UInt8(y / 2), 200, 255] }.jpeg()
      ),
      ("JPEG with EXIF", scene.jpeg(orientation: 6)),
    ]
    + [
      ".png", ".png[interlace]", ".gif", ".webp", ".webp[lossless]", ".tif", ".tif[compression=deflate]", ".avif",
      ".heic",
    ]
    .compactMap { suffix in scene.file(suffix).map { (suffix, $0) } }

  @Test("nothing, text and unknown formats are told apart from damaged images")
  func notImages() {
    #expect(code([]) == "empty-file")
    #expect(code(Array("hello, this is a text file\n".utf8)) == "unsupported-format")
    #expect(code([0xFF]) == "unsupported-format")
    #expect(code(Array("BM".utf8) + [UInt8](repeating: 0, count: 100)) == "unsupported-format")
    #expect(code(Array("<svg xmlns=\"http://www.w3.org/2000/svg\"/>".utf8)) == "unsupported-format")
    #expect(code(Array("%PDF-1.7\n".utf8)) == "unsupported-format")
    #expect(code([0xFF, 0xD8, 0xFF]) == "undecodable-image")
    #expect(code([0xFF, 0xD8, 0xFF, 0xD9]) == "undecodable-image")
    #expect(code(Array("GIF89a".utf8)) == "undecodable-image")
    #expect(code([0x89] + Array("PNG\r\n\u{1A}\n".utf8)) == "undecodable-image")
    for (name, bytes) in Self.samples { #expect(code(bytes) == nil, "\(name) is sound") }
  }

  @Test("an image cut short is refused wherever the cut is")
  func truncated() {
    for (name, bytes) in Self.samples {
      for step in 0..<60 {
        let count = bytes.count * step / 60
        let found = code(Array(bytes[..<count]))
        #expect(found != nil, "\(name) cut to \(count) of \(bytes.count) bytes was accepted")
        if count >= 16 {
          #expect(found == "undecodable-image", "\(name) cut to \(count) bytes: \(found ?? "accepted")")
        }
      }
    }
  }

  @Test("bytes after the end of a JPEG, and stray bytes between its markers, do no harm")
  func slackInJPEG() {
    let file = Self.scene.jpeg()
    #expect(code(file + [UInt8](repeating: 0, count: 1000)) == nil)
    #expect(code(Array(file[..<(file.count - 2)]) + [1, 2, 3, 0xFF, 0xD9]) == nil)
  }

  @Test("a JPEG whose data was cut and closed with an end marker is refused")
  func closedTruncation() {
    let file = Self.scene.jpeg()
    #expect(code(Array(file[..<(file.count / 2)]) + [0xFF, 0xD9]) == "undecodable-image")
  }

  @Test("a cut JPEG is not taken for whole because of the thumbnail in its metadata")
  func thumbnailHidesNothing() {
    let thumbnail = Picture.scene(width: 64, height: 48).jpeg()
    let payload = Array("Exif\0\0".utf8) + thumbnail
    let segment: [UInt8] = [0xFF, 0xE1, UInt8((payload.count + 2) >> 8), UInt8((payload.count + 2) & 0xFF)] + payload
    let file = Self.scene.jpeg()
    let whole = Array(file[..<2]) + segment + Array(file[2...])
    #expect(code(whole) == nil)
    #expect(code(Array(whole[..<(whole.count * 3 / 4)])) == "undecodable-image")
  }

  @Test("a PNG that claims 100000 × 100000 pixels is refused from its header")
  func pngBomb() throws {
    #expect(code(pngHeader(width: 100_000, height: 100_000)) == "image-too-large")
    #expect(code(pngHeader(width: 20_000, height: 20_000)) == "image-too-large")
    #expect(code(pngHeader(width: 70_000, height: 1)) == "image-too-large")
    #expect(code(pngHeader(width: 9_000, height: 9_000, isInterlaced: true)) == "image-too-large")
    // The same size read line by line would be welcome; this one has no pixels.
    #expect(code(pngHeader(width: 9_000, height: 9_000)) == "undecodable-image")
  }

  @Test("a JPEG that claims 65500 × 65500 pixels is refused from its header")
  func jpegBomb() {
    let file = Self.scene.jpeg()
    func claiming(_ side: Int, frame: UInt8 = 0xC0, of original: [UInt8] = file) -> [UInt8] {
      var claimed = original
      for index in claimed.indices.dropLast(9) where claimed[index] == 0xFF && claimed[index + 1] == frame {
        claimed.replaceSubrange(
          index + 5..<index + 9, with: [UInt8(side >> 8), UInt8(side & 0xFF), UInt8(side >> 8), UInt8(side & 0xFF)])
        break
      }
      return claimed
    }
    #expect(code(claiming(65_500)) == "image-too-large")
    #expect(code(Array(claiming(65_500)[..<300])) == "image-too-large", "before anything else is looked at")
    #expect(code(claiming(9_000)) == "undecodable-image", "within the limits, but there is no such data")
    let progressive = Self.scene.jpeg(flags: TJFLAG_PROGRESSIVE)
    #expect(code(claiming(9_000, frame: 0xC2, of: progressive)) == "image-too-large", "its coefficients fill memory")
  }

  @Test("each limit is met at its value and broken by one more")
  func limits() {
    let file = Self.scene.jpeg()
    func with(_ change: (inout ImageLimits) -> Void) -> String? {
      var limits = ImageLimits()
      change(&limits)
      return code(file, limits: limits)
    }
    #expect(with { $0.byteCountMax = file.count } == nil)
    #expect(with { $0.byteCountMax = file.count - 1 } == "image-too-large")
    #expect(with { $0.pixelCountMax = 500 * 375 } == nil)
    #expect(with { $0.pixelCountMax = 500 * 375 - 1 } == "image-too-large")
    #expect(with { $0.sideMax = 500 } == nil)
    #expect(with { $0.sideMax = 499 } == "image-too-large")

    let progressive = Self.scene.jpeg(flags: TJFLAG_PROGRESSIVE)
    let scanCount = JPEGHeader.scanCount(in: progressive.span)
    #expect(scanCount > 3)
    var limits = ImageLimits()
    limits.scanCountMax = scanCount
    #expect(code(progressive, limits: limits) == nil)
    limits.scanCountMax = scanCount - 1
    #expect(code(progressive, limits: limits) == "image-too-large")
    limits = ImageLimits()
    limits.bufferedByteCountMax = 500 * 375 * 6
    #expect(code(progressive, limits: limits) == nil)
    limits.bufferedByteCountMax -= 1
    #expect(code(progressive, limits: limits) == "image-too-large")
  }

  @Test("flipped bits never crash the decoder: it decodes or says why not")
  func bitFlips() {
    let seed: UInt64 = 20_240_607
    var generator = SplitMix64(seed: seed)
    var (decoded, refused) = (0, 0)
    for (name, bytes) in Self.samples {
      for round in 0..<60 {
        var damaged = bytes
        // Headers are a small part of a file and the part where damage matters most: every other round hits them only.
        let reach = round % 2 == 0 ? min(700, damaged.count) : damaged.count
        for _ in 0..<(1 + round % 12) {
          damaged[Int.random(in: 0..<reach, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
        do {
          let tensor = try decoder.decode(damaged)
          #expect(tensor.bytes.count == 224 * 224 * 3, "\(name), seed \(seed), round \(round)")
          decoded += 1
        } catch {
          #expect(!error.message.isEmpty)
          refused += 1
        }
      }
    }
    #expect(decoded > 0 && refused > 0)
  }

  @Test("memory stays flat over thousands of images, sound and damaged")
  func memory() async {
    await #expect(processExitsWith: .success) {
      let tests = HostileImageTests()
      let samples = HostileImageTests.samples.filter { $0.name != ".avif" && $0.name != ".heic" }.map(\.bytes)
      func round() {
        for bytes in samples {
          _ = tests.code(bytes)
          _ = tests.code(Array(bytes[..<(bytes.count / 2)]))
        }
      }
      for _ in 0..<20 { round() }
      let before = residentByteCount()
      for _ in 0..<80 { round() }
      let growth = residentByteCount() - before
      print("grew by \(growth >> 10) KiB")
      exit(growth < 32 << 20 ? 0 : 1)
    }
  }

  private func pngHeader(width: Int, height: Int, isInterlaced: Bool = false) -> [UInt8] {
    func long(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    func chunk(_ type: String, _ payload: [UInt8]) -> [UInt8] {
      let body = Array(type.utf8) + payload
      var crc: UInt32 = 0xFFFF_FFFF
      for byte in body {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
      }
      return long(payload.count) + body + long(Int(~crc))
    }
    return [0x89] + Array("PNG\r\n\u{1A}\n".utf8)
      + chunk("IHDR", long(width) + long(height) + [8, 2, 0, 0, isInterlaced ? 1 : 0])
      + chunk("IDAT", [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01]) + chunk("IEND", [])
  }
}
