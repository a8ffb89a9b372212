import CTurboJPEG
import Synchronization
import Testing

@testable import Recognition

@Suite("Decoder")
struct ImageDecoderTests {
  private let decoder = ImageDecoder()

  private func expectPlain(_ file: [UInt8], _ colour: [UInt8], tolerance: Int, _ comment: Comment) throws {
    let tensor = try decoder.decode(file)
    let expected = (0..<tensor.side * tensor.side).flatMap { _ in colour }
    let most = difference(tensor.bytes, expected).max
    #expect(most <= tolerance, "\(comment): off by \(most), first \(tensor.bytes.prefix(3))")
  }

  @Test("every format yields the colour that went in")
  func plainColours() throws {
    let colour: [UInt8] = [180, 90, 30]
    let picture = Picture.plain(width: 300, height: 260, colour)
    for flags in [0, TJFLAG_PROGRESSIVE] {
      for subsampling in [TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440, TJSAMP_411] {
        try expectPlain(picture.jpeg(subsampling: subsampling, flags: flags), colour, tolerance: 3, "JPEG")
      }
    }
    for suffix in [".png", ".png[interlace]", ".webp[lossless]", ".tif", ".tif[tile]", ".tif[compression=lzw]"] {
      try expectPlain(try #require(picture.file(suffix)), colour, tolerance: 1, "\(suffix)")
    }
    if let gif = picture.file(".gif") { try expectPlain(gif, colour, tolerance: 8, ".gif") }
    for suffix in [".avif", ".heic"] {
      if let file = picture.file(suffix) { try expectPlain(file, colour, tolerance: 12, "\(suffix)") }
    }
  }

  @Test("grey becomes RGB")
  func grey() throws {
    let picture = Picture.plain(width: 300, height: 260, [77])
    for file in [picture.jpeg(subsampling: TJSAMP_GRAY), picture.file(".png"), picture.file(".tif")] {
      try expectPlain(try #require(file), [77, 77, 77], tolerance: 1, "grey")
    }
  }

  @Test("transparency is laid on white")
  func alpha() throws {
    let glass = Picture.plain(width: 300, height: 260, [200, 100, 0, 0])
    let half = Picture.plain(width: 300, height: 260, [200, 100, 0, 128])
    let greyGlass = Picture.plain(width: 300, height: 260, [10, 0])
    for suffix in [".png", ".webp[lossless]", ".tif"] {
      try expectPlain(try #require(glass.file(suffix)), [255, 255, 255], tolerance: 0, "clear \(suffix)")
      try expectPlain(try #require(half.file(suffix)), [227, 177, 127], tolerance: 2, "half \(suffix)")
    }
    try expectPlain(try #require(greyGlass.file(".png")), [255, 255, 255], tolerance: 0, "clear grey")
  }

  @Test("a CMYK JPEG as Adobe writes it keeps its colours")
  func cmyk() throws {
    // Adobe stores ink inverted: 255 is none. Profiles decide the exact shade; the hue is what must hold.
    let inks: [(name: String, cmyk: [UInt8], isRight: ([UInt8]) -> Bool)] = [
      ("white", [255, 255, 255, 255], { $0.allSatisfy { $0 > 245 } }),
      ("black", [255, 255, 255, 0], { $0.allSatisfy { $0 < 70 } }),
      ("cyan", [0, 255, 255, 255], { $0[0] < 90 && $0[1] > 130 && $0[2] > 180 }),
      ("magenta", [255, 0, 255, 255], { $0[0] > 180 && $0[1] < 90 && $0[2] > 90 }),
      ("yellow", [255, 255, 0, 255], { $0[0] > 220 && $0[1] > 200 && $0[2] < 90 }),
      ("red", [255, 0, 0, 255], { $0[0] > 180 && $0[1] < 90 && $0[2] < 90 }),
    ]
    for ink in inks {
      let file = Picture.plain(width: 600, height: 520, ink.cmyk).jpeg()
      let tensor = try decoder.decode(file)
      let middle = (tensor.side * tensor.side / 2 + tensor.side / 2) * 3
      let colour = Array(tensor.bytes[middle..<middle + 3])
      #expect(ink.isRight(colour), "\(ink.name) came out as \(colour)")
    }
  }

  @Test("a JPEG shrunk while decoding shows what a lossless file of it shows")
  func shrinking() throws {
    let scene = Picture.scene(width: 640, height: 514)
    let (lossless, jpeg) = (try #require(scene.file(".tif")), scene.jpeg())
    // Shrunk by 1, 2, 4 and 8.
    for side in [256, 128, 64, 32] {
      let decoder = ImageDecoder(inputSide: side, resizeSide: side)
      let (mean, most) = difference(try decoder.decode(jpeg).bytes, try decoder.decode(lossless).bytes)
      // Shrunk by 8, 514 rows become 65, of which the last is a quarter full only: what is small is stretched by that much.
      #expect(mean < 1.2 && most <= 8, "to \(side): mean \(mean), most \(most)")
    }
  }

  @Test(
    "every kind of chroma subsampling at every odd size shows what the bicubic filter shows",
    arguments: [(500, 375), (375, 501), (257, 256), (301, 299), (511, 767), (1027, 1025), (2051, 1033), (180, 243)])
  func planes(width: Int, height: Int) throws {
    let scene = Picture.scene(width: width, height: height)
    var bicubic = decoder
    bicubic.resizesPlanes = false
    for subsampling in [TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440, TJSAMP_411] {
      let file = scene.jpeg(subsampling: subsampling)
      let (mean, most) = difference(try decoder.decode(file).bytes, try bicubic.decode(file).bytes)
      #expect(mean < 0.8 && most <= 8, "\(subsampling): mean \(mean), most \(most)")
    }
    let grey = Picture(width: width, height: height, bandCount: 1) { x, y in
      [UInt8(x * 200 / width + y * 50 / height)]
    }
    let file = grey.jpeg(subsampling: TJSAMP_GRAY)
    let (mean, most) = difference(try decoder.decode(file).bytes, try bicubic.decode(file).bytes)
    #expect(mean < 0.8 && most <= 8, "grey: mean \(mean), most \(most)")
  }

  @Test(
    "pictures of every shape give a full square",
    arguments: [(1, 1), (1, 5000), (5000, 1), (3, 20_000), (224, 224), (256, 257), (17, 4000), (65_000, 2)])
  func shapes(width: Int, height: Int) throws {
    let picture = Picture.plain(width: width, height: height, [180, 90, 30])
    try expectPlain(picture.jpeg(), [180, 90, 30], tolerance: 3, "JPEG")
    for suffix in [".png", ".png[interlace]", ".tif"] {
      try expectPlain(try #require(picture.file(suffix)), [180, 90, 30], tolerance: 1, "\(suffix)")
    }
  }

  @Test("the square is cut from the centre")
  func centre() throws {
    // 512 wide and 256 high: no resizing, so columns 144…367 remain.
    let picture = Picture(width: 512, height: 256) { x, y in [UInt8(x / 2), UInt8(y), 0] }
    let tensor = try decoder.decode(try #require(picture.file(".png")))
    #expect(Array(tensor.bytes[0..<3]) == [72, 16, 0])
    #expect(Array(tensor.bytes[(224 * 224 - 1) * 3..<224 * 224 * 3]) == [183, 239, 0])
  }

  @Test("other sizes of model are served")
  func sizes() throws {
    let file = Picture.scene(width: 500, height: 375).jpeg()
    for (input, resize) in [(1, 1), (32, 32), (240, 272), (600, 600)] {
      #expect(try ImageDecoder(inputSide: input, resizeSide: resize).decode(file).side == input)
    }
  }

  @Test("eight threads decoding small pictures at once get what one thread gets")
  func threads() throws {
    // Small, so that what libvips sets up and takes down for each picture outweighs the pixels: an unlocked free in
    // its vector code corrupted the heap within a few thousand of these.
    let decoder = ImageDecoder(inputSide: 16, resizeSide: 18)
    let files = (0..<4).map { Picture.scene(width: 24 + 9 * $0, height: 40).jpeg() }
    let expected = try files.map { try decoder.decode($0) }
    let wrongCount = Atomic(0)
    onThreads(8) { thread in
      for round in 0..<2_000 {
        let index = (thread + round) % files.count
        if (try? decoder.decode(files[index])) != expected[index] { wrongCount.add(1, ordering: .relaxed) }
      }
    }
    #expect(wrongCount.load(ordering: .relaxed) == 0)
  }
}
