import AWS
import Glibc

/// A file being written, with the digests of what has been written. Removes itself unless it is published.
///
/// Not isolated: it is on the thread pool or at rest, never used by two threads at once (`FileWriter` sees to that).
final class FileDraft: @unchecked Sendable {
  let file = FileID.random()
  private let store: FileStore
  private var descriptor: Int32 = -1
  private(set) var byteCount = 0
  private var digests: PayloadDigests?

  init(_ store: FileStore, _ expectation: PayloadExpectation) {
    self.store = store
    digests = PayloadDigests(expectation)
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(store.stagingPath(of: file))
  }

  func write(_ bytes: [UInt8]) throws(StorageError) {
    guard !bytes.isEmpty else { return }
    digests?.update(bytes.span)
    if descriptor < 0 { try create() }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .current("write", store.stagingPath(of: file))
      }
      written += count
    }
    byteCount += bytes.count
  }

  /// Checks the digests against what was announced, and only then gives the file its place. An empty one leaves no file.
  /// - Throws: `S3Error` for a payload that is not what was announced, `StorageError`.
  func publish(_ announced: PayloadAnnouncement) throws -> StoredPayload {
    guard let digests else { preconditionFailure("a draft is published once") }
    self.digests = nil
    let result = try digests.finish(checking: announced)
    guard descriptor >= 0 else { return StoredPayload(segments: [], digest: result) }
    if store.isDurable, fdatasync(descriptor) != 0 { throw StorageError.current("sync", store.stagingPath(of: file)) }
    try store.publish(file)
    close(descriptor)
    descriptor = -1
    return StoredPayload(segments: [Segment(file: file, byteCount: byteCount)], digest: result)
  }

  private func create() throws(StorageError) {
    let path = store.stagingPath(of: file)
    descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .current("create", path) }
  }
}
