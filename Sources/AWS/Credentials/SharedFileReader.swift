import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#endif

/// Reads the small files that settings, secrets and tokens live in. Blocking: call it before the loop runs, or in
/// `EventLoop.offload`.
package enum SharedFileReader {
  /// Nobody's profiles are larger; a device or a log given by mistake is.
  package static let byteCountMax = 1 << 20

  /// Nil when there is no such file.
  package static func read(_ path: String) throws(SharedFileError) -> String? {
    try read(path, byteCountMax: byteCountMax)
  }

  /// As above, with another bound of the file's size.
  static func read(_ path: String, byteCountMax: Int) throws(SharedFileError) -> String? {
    guard let file = fopen(path, "re") else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw .unreadable(path: path, String(cString: strerror(errno)))
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 16 * 1024)
    var count = 0
    while true {
      let read = bytes.withUnsafeMutableBytes { buffer in
        fread(buffer.baseAddress.map { $0 + count }, 1, buffer.count - count, file)
      }
      if read == 0 { break }
      count += read
      guard count <= byteCountMax else { throw .unreadable(path: path, "larger than \(byteCountMax) bytes") }
      if count == bytes.count { bytes += [UInt8](repeating: 0, count: bytes.count) }
    }
    guard ferror(file) == 0 else { throw .unreadable(path: path, String(cString: strerror(errno))) }
    guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
      throw .unreadable(path: path, "not UTF-8")
    }
    return text.replacing("\r\n", with: "\n")
  }
}
