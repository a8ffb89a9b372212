/// Where the model's square lies in a picture: the shorter side is resized to `resizeSide`, and of that the centre
/// `inputSide` × `inputSide` is taken, with the rounding of the usual reference (torchvision's Resize, CenterCrop).
///
/// Computed for the upright picture and given in the stored picture's coordinates, so that all eight orientations of
/// a picture yield the same pixels.
struct CropGeometry: Sendable, Equatable {
  /// The stored picture's size after resizing.
  let width: Int
  let height: Int
  /// The square's corner in the resized stored picture.
  let left: Int
  let top: Int

  init(storedWidth: Int, storedHeight: Int, orientation: Orientation, resizeSide: Int, inputSide: Int) {
    precondition(storedWidth > 0 && storedHeight > 0 && inputSide > 0 && resizeSide >= inputSide)
    if storedWidth <= storedHeight {
      width = resizeSide
      height = resizeSide * storedHeight / storedWidth
    } else {
      width = resizeSide * storedWidth / storedHeight
      height = resizeSide
    }
    // The reference rounds half the surplus to even, counted from the upright picture's left and top.
    func offset(of surplus: Int, reversed: Bool) -> Int {
      let near = Int((Double(surplus) / 2).rounded(.toNearestOrEven))
      return reversed ? surplus - near : near
    }
    left = offset(of: width - inputSide, reversed: orientation.reversesStoredX)
    top = offset(of: height - inputSide, reversed: orientation.reversesStoredY)
  }
}
