/// Ids that follow from something else, so that whoever knows it finds the job again without any table.
extension JobID {
  /// Ids of one digest and day, told apart by their last byte.
  package static let siblingCountMax = 256
  /// Bytes of a digest that an id takes up.
  package static let digestByteCountMin = 9

  /// An id whose time is the beginning of a day, and whose other bits are a digest's but for the last eight. 66 of them
  /// are the digest's: of a million digests a day two are alike once in a hundred million days.
  /// - Parameters:
  ///   - digest: at least ``digestByteCountMin`` bytes, evenly distributed.
  ///   - day: since 1970, UTC; not negative.
  ///   - sibling: less than ``siblingCountMax``.
  package init(digest: [UInt8], day: Int, sibling: Int) {
    precondition(digest.count >= Self.digestByteCountMin && day >= 0 && (0..<Self.siblingCountMax).contains(sibling))
    let random = digest[2..<9].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    self.init(
      milliseconds: UInt64(day) * 86_400_000, counter: UInt16(digest[0]) << 8 | UInt16(digest[1]),
      random: random << 8 | UInt64(sibling))
  }

  /// What the texts of an id and its siblings begin with, and no other's do: all but the last byte's two digits.
  package var siblingPrefix: String { String(description.dropLast(2)) }

  /// Which of its siblings it is.
  package var sibling: Int { Int(bytes[15]) }
}
