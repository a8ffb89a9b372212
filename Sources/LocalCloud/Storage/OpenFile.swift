import Glibc

/// A published file open for reading. Any thread may read, one at a time or several: the position is in the call.
final class OpenFile: Sendable {
  private let descriptor: Int32
  private let path: String

  init(_ store: FileStore, _ file: FileID) throws(StorageError) {
    path = store.path(of: file)
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .current("open", path) }
  }

  deinit { close(descriptor) }

  /// - Throws: `.truncated` when the file ends before the range does.
  func read(_ range: Range<Int>) throws(StorageError) -> [UInt8] {
    var failure: StorageError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while count < range.count {
        let got = pread(
          descriptor, UnsafeMutableRawPointer(buffer.baseAddress! + count), range.count - count,
          off_t(range.lowerBound + count))
        if got > 0 {
          count += got
        } else if got == 0 {
          failure = .truncated(path: path)
          return
        } else if errno != EINTR {
          failure = .current("read", path)
          return
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
