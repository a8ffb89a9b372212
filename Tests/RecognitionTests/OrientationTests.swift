import CTurboJPEG
import EventLoop
import TestSupport
import Testing

@testable import Recognition

@Suite("Orientation")
struct OrientationTests {
  private let decoder = ImageDecoder()

  @Test(
    "a JPEG held in any of the eight ways comes out the same",
    arguments: [(333, 250), (250, 333), (1200, 901), (224, 224)])
  func jpegs(width: Int, height: Int) throws {
    let scene = Picture.scene(width: width, height: height)
    let upright = try decoder.decode(scene.jpeg(quality: 100))
    for orientation in 1...8 {
      let file = scene.stored(orientation: orientation).jpeg(quality: 100, orientation: orientation)
      let (mean, most) = difference(try decoder.decode(file).bytes, upright.bytes)
      #expect(mean < 0.6 && most <= 8, "orientation \(orientation): mean \(mean), most \(most)")
    }
  }

  @Test("the test scene looks different in each of the eight ways")
  func sceneIsAsymmetrical() throws {
    let scene = Picture.scene(width: 333, height: 250)
    let upright = try decoder.decode(scene.jpeg())
    for orientation in 2...8 {
      let other = try decoder.decode(scene.stored(orientation: orientation).jpeg())
      #expect(difference(other.bytes, upright.bytes).mean > 5)
    }
  }

  @Test("formats without loss keep their orientation too", arguments: [".tif", ".webp[lossless]"])
  func lossless(suffix: String) throws {
    let scene = Picture.scene(width: 301, height: 400)
    let upright = try decoder.decode(try #require(scene.file(suffix)))
    for orientation in 1...8 {
      let file = try #require(scene.stored(orientation: orientation).file(suffix, orientation: orientation))
      let (mean, most) = difference(try decoder.decode(file).bytes, upright.bytes)
      #expect(mean < 0.3 && most <= 3, "orientation \(orientation): mean \(mean), most \(most)")
    }
  }

  @Test("values outside 1…8 and damaged EXIF blocks leave the picture as stored")
  func damaged() throws {
    let scene = Picture.scene(width: 333, height: 250)
    let plain = try decoder.decode(scene.jpeg())
    for value in [0, 9, 255] {
      #expect(try decoder.decode(scene.jpeg(orientation: value)) == plain)
    }
    let block = Picture.exif(orientation: 6)
    let file = scene.jpeg()
    for count in 0..<(block.count - 4) {
      // The segment's own length is made to fit, so that the JPEG stays whole and the EXIF block is cut.
      let cut = [0xFF, 0xE1, 0, UInt8(count + 2)] + block[4..<(4 + count)]
      _ = try decoder.decode((Array(file[..<2]) + cut + Array(file[2...])))
    }
    var generator = SplitMix64(seed: 1)
    for _ in 0..<2_000 {
      var scrambled = block[10...].map { $0 }
      for _ in 0..<3 {
        scrambled[Int.random(in: 0..<scrambled.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      _ = Orientation(exif: scrambled.span)
    }
  }
}
