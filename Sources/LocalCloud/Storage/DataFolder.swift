import Glibc

/// The folder that holds everything: `credentials`, `cloud.sqlite`, `objects/`, `staging/`. One process at a time.
///
/// Used at start and stop, when blocking harms nobody.
package final class DataFolder: Sendable {
  package let path: String
  /// Whether the process before this one ended without saying goodbye, so that files without a name may lie about.
  let wasLeftUnclean: Bool
  /// Kept open: the lock goes with the descriptor, however the process ends.
  private let lock: Int32

  var databasePath: String { path + "/cloud.sqlite" }
  package var credentialsPath: String { path + "/credentials" }
  private var uncleanPath: String { path + "/unclean" }

  /// Creates what is missing and takes the lock.
  package init(_ path: String) throws(StorageError) {
    self.path = path
    try DataFolder.createFolders(path)
    lock = try DataFolder.takeLock(path + "/lock")
    let unclean = path + "/unclean"
    wasLeftUnclean = access(unclean, F_OK) == 0
    let descriptor = open(unclean, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .current("create", unclean) }
    Glibc.close(descriptor)
  }

  /// After everything has been written: the next start has nothing to look for.
  package func close() {
    unlink(uncleanPath)
    Glibc.close(lock)
  }

  private static func createFolders(_ path: String) throws(StorageError) {
    var partial = path.hasPrefix("/") ? "/" : ""
    for component in path.split(separator: "/") {
      partial += component
      if mkdir(partial, 0o700) != 0 && errno != EEXIST { throw .current("create folder", partial) }
      partial += "/"
    }
    for folder in ["objects", "staging"] {
      if mkdir(path + "/" + folder, 0o700) != 0 && errno != EEXIST {
        throw .current("create folder", path + "/" + folder)
      }
    }
    for shard in FileID.shards {
      let folder = path + "/objects/" + shard
      if mkdir(folder, 0o700) != 0 && errno != EEXIST { throw .current("create folder", folder) }
    }
  }

  private static func takeLock(_ path: String) throws(StorageError) -> Int32 {
    let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .current("open", path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let error: StorageError = errno == EWOULDBLOCK ? .locked(path) : .current("lock", path)
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }
}
