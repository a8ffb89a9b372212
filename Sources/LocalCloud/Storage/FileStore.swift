import EventLoop
import Glibc

/// Immutable files by random name. A file is written under `staging/`, then renamed into `objects/`; it means something
/// once a row of the database names it. Calls block and are made on the thread pool, except those isolated to the loop.
final class FileStore: Sendable {
  /// Whether files, and the folders that name them, are on the disk before a row names them.
  let isDurable: Bool
  private let folder: String
  @LoopActor private var pins: [FileID: Int] = [:]
  @LoopActor private var doomed: Set<FileID> = []

  init(folder: String, isDurable: Bool) {
    self.folder = folder
    self.isDurable = isDurable
  }

  func path(of file: FileID) -> String { folder + "/objects/" + file.path }

  func stagingPath(of file: FileID) -> String { folder + "/staging/" + file.hexadecimal }

  /// Gives a staged file its place.
  func publish(_ file: FileID) throws(StorageError) {
    let path = path(of: file)
    guard rename(stagingPath(of: file), path) == 0 else { throw .current("rename to", path) }
    if isDurable { try syncFolder(of: path) }
  }

  /// A second name for the same bytes; each goes its own way from here. Costs nothing: files never change.
  func link(_ file: FileID) throws(StorageError) -> FileID {
    let copy = FileID.random()
    let path = path(of: copy)
    guard Glibc.link(self.path(of: file), path) == 0 else { throw .current("link", path) }
    if isDurable { try syncFolder(of: path) }
    return copy
  }

  func remove(_ file: FileID) { unlink(path(of: file)) }

  /// - Returns: Exactly the bytes of the range.
  func read(_ file: FileID, _ range: Range<Int>) throws(StorageError) -> [UInt8] {
    try OpenFile(self, file).read(range)
  }

  /// Throws away what a dead process left: everything staged, and published files that `isKnown` does not know.
  /// - Returns: How many files that were.
  func sweep(isKnown: (FileID) -> Bool) throws(StorageError) -> Int {
    var removed = 0
    for name in try names(in: folder + "/staging") where unlink(folder + "/staging/" + name) == 0 { removed += 1 }
    for shard in FileID.shards {
      for name in try names(in: folder + "/objects/" + shard) {
        guard let file = FileID(shard: shard, name: name), !isKnown(file) else { continue }
        if unlink(path(of: file)) == 0 { removed += 1 }
      }
    }
    return removed
  }

  private func names(in folder: String) throws(StorageError) -> [String] {
    guard let directory = opendir(folder) else { throw .current("list", folder) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  private func syncFolder(of path: String) throws(StorageError) {
    let folder = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .current("open", folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .current("sync", folder) }
  }
}

// MARK: Removal beside readers

extension FileStore {
  /// Keeps files from being removed until `unpin`: who reads an object's segments opens them one after another.
  @LoopActor func pin(_ files: some Sequence<FileID>) {
    for file in files { pins[file, default: 0] += 1 }
  }

  @LoopActor func unpin(_ files: some Sequence<FileID>) {
    var removable: [FileID] = []
    for file in files {
      guard let count = pins[file] else { continue }
      pins[file] = count == 1 ? nil : count - 1
      if count == 1, doomed.remove(file) != nil { removable.append(file) }
    }
    removeInBackground(removable)
  }

  /// Removes files that no row names any more, as soon as nobody reads them. Nobody waits for it; what a crash
  /// leaves behind, the next start sweeps.
  @LoopActor func discard(_ files: [FileID]) {
    for file in files where pins[file] != nil { doomed.insert(file) }
    removeInBackground(files.filter { pins[$0] == nil })
  }

  @LoopActor private func removeInBackground(_ files: [FileID]) {
    guard !files.isEmpty else { return }
    EventLoop.shared.spawn { [self] in
      await EventLoop.shared.offload { for file in files { self.remove(file) } }
    }
  }
}
