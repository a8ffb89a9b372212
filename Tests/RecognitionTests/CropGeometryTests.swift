import Testing

@testable import Recognition

@Suite("Crop")
struct CropGeometryTests {
  private func geometry(_ width: Int, _ height: Int, _ orientation: Orientation = .upright) -> CropGeometry {
    CropGeometry(
      storedWidth: width, storedHeight: height, orientation: orientation, resizeSide: 256, inputSide: 224)
  }

  @Test("the shorter side becomes 256 and the centre 224 square is taken")
  func centre() {
    let landscape = geometry(500, 375)
    #expect((landscape.width, landscape.height) == (341, 256))
    #expect((landscape.left, landscape.top) == (58, 16), "58.5 rounds to even, as in the reference")
    let portrait = geometry(375, 500)
    #expect((portrait.width, portrait.height) == (256, 341))
    #expect((portrait.left, portrait.top) == (16, 58))
  }

  @Test("in all orientations the same part of the upright picture is taken")
  func orientations() {
    for orientation in Orientation.allCases {
      let (width, height) = orientation.swapsAxes ? (375, 500) : (500, 375)
      let stored = geometry(width, height, orientation)
      let (long, short) = orientation.swapsAxes ? (stored.top, stored.left) : (stored.left, stored.top)
      let isReversed = orientation.swapsAxes ? orientation.reversesStoredY : orientation.reversesStoredX
      #expect(long == (isReversed ? 341 - 224 - 58 : 58), "\(orientation)")
      #expect(short == 16)
    }
  }
}
