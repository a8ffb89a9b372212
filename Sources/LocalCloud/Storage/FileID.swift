import AWS

/// The name of a stored file: 128 random bits. Never a key, so that keys are data and no name can climb out of the folder.
struct FileID: Sendable, Hashable {
  static let byteCount = 16
  /// The folders under `objects/`: 256, so that none grows beyond what file systems like.
  static let shards = (0...255).map { Hexadecimal.encode([UInt8($0)]) }

  let bytes: [UInt8]

  static func random() -> FileID {
    var generator = SystemRandomNumberGenerator()
    let words = (generator.next(), generator.next())
    return FileID(
      bytes: [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
        for index in 0..<8 {
          buffer[index] = UInt8(truncatingIfNeeded: words.0 >> (UInt64(index) * 8))
          buffer[index + 8] = UInt8(truncatingIfNeeded: words.1 >> (UInt64(index) * 8))
        }
        count = byteCount
      })
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// - Parameter bytes: Exactly sixteen.
  init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == FileID.byteCount else { return nil }
    self.bytes = Array(bytes)
  }

  /// Of a path relative to `objects/`: `ab/cdef…`.
  init?(shard: String, name: String) {
    guard let bytes = Hexadecimal.decode(shard + name) else { return nil }
    self.init(bytes)
  }

  var hexadecimal: String { Hexadecimal.encode(bytes) }

  /// Relative to `objects/`.
  var path: String {
    let text = hexadecimal
    return text.prefix(2) + "/" + text.dropFirst(2)
  }
}
