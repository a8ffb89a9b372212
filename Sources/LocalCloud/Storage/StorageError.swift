import Glibc

/// What the file system, or a damaged data folder, can do to us.
package enum StorageError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A system call failed.
  case system(operation: String, path: String, code: Int32)
  /// Another process serves this folder.
  case locked(String)
  /// A file has fewer bytes than its row says.
  case truncated(path: String)
  case credentials(path: String, reason: String)

  static func current(_ operation: String, _ path: String) -> StorageError {
    .system(operation: operation, path: path, code: errno)
  }

  package var description: String {
    switch self {
    case .system(let operation, let path, let code):
      "cannot \(operation) \(path): \(String(cString: strerror(code)))"
    case .locked(let path): "another process serves this folder: it holds \(path)"
    case .truncated(let path): "\(path) is shorter than when it was written"
    case .credentials(let path, let reason): "\(path) \(reason)"
    }
  }
}
