extension Orientation {
  /// Reads the Orientation tag from the TIFF structure of an EXIF block (what follows "Exif\0\0" in a JPEG's APP1).
  ///
  /// Only the first directory is looked at, which is where the tag belongs. Nil when it is absent or the block is
  /// damaged: a picture with a broken EXIF block is still a picture.
  init?(exif tiff: Span<UInt8>) {
    guard tiff.count >= 8 else { return nil }
    let isLittleEndian: Bool
    switch (tiff[0], tiff[1]) {
    case (0x49, 0x49): isLittleEndian = true
    case (0x4D, 0x4D): isLittleEndian = false
    default: return nil
    }
    func integer(at offset: Int, byteCount: Int) -> Int {
      (0..<byteCount).reduce(0) { value, index in
        value << 8 | Int(tiff[offset + (isLittleEndian ? byteCount - 1 - index : index)])
      }
    }
    let directory = integer(at: 4, byteCount: 4)
    guard integer(at: 2, byteCount: 2) == 42, directory >= 8, directory + 2 <= tiff.count else { return nil }
    let entryCount = integer(at: directory, byteCount: 2)
    for index in 0..<entryCount {
      let entry = directory + 2 + index * 12
      guard entry + 12 <= tiff.count else { return nil }
      guard integer(at: entry, byteCount: 2) == 0x0112 else { continue }
      // Type SHORT is 3; some writers use LONG, 4. The value sits in the entry itself, left-aligned.
      switch integer(at: entry + 2, byteCount: 2) {
      case 3: self.init(rawValue: integer(at: entry + 8, byteCount: 2))
      case 4: self.init(rawValue: integer(at: entry + 8, byteCount: 4))
      default: return nil
      }
      return
    }
    return nil
  }
}
