import FoundationEssentials
import Glibc

/// Where the compiled form of one state of a model's files is kept.
///
/// The runtime takes what it finds in its cache directory by the path, time and size of the `.xml` alone; new weights in
/// the `.bin` beside it would be served as the old ones. So each state of the files has a directory of its own, and those
/// of former states are removed.
struct CompiledModelCache {
  /// For the runtime, which creates it.
  let directory: String
  private let parent: String
  /// What the directories of all states of this model's files begin with.
  private let prefix: String

  /// - Parameters:
  ///   - parent: holds all models' directories.
  ///   - path: the model's file, which exists.
  init(in parent: String, for path: String) {
    let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    var model = FNV1a()
    model.add(absolute.utf8)
    var state = model
    for file in [absolute, CompiledModelCache.weightsPath(of: absolute)] {
      var status = stat()
      guard stat(file, &status) == 0 else { continue }
      for number in [status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, Int(bitPattern: status.st_ino)] {
        withUnsafeBytes(of: number) { state.add($0) }
      }
    }
    self.parent = parent
    prefix = model.text + "-"
    directory = parent + "/" + prefix + state.text
  }

  /// Another process may be reading what is removed here: it has it mapped, or compiles once more.
  func removeFormerStates() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    for name in names where name.hasPrefix(prefix) && parent + "/" + name != directory {
      try? FileManager.default.removeItem(atPath: parent + "/" + name)
    }
  }

  private static func weightsPath(of path: String) -> String {
    path.hasSuffix(".xml") ? path.dropLast(4) + ".bin" : path
  }
}

/// Fowler, Noll and Vo's hash of 64 bits: it names directories and guards nothing.
private struct FNV1a {
  private var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
