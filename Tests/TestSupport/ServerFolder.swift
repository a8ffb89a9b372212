import Foundation
import Glibc

/// The folder of a server that lives as long as the test process. Nothing runs after that to remove it, so the next
/// process does: the name says whose it was.
enum ServerFolder {
  private static let prefix = "saccade-test-"

  static func make(for kind: ServerUnderTest.Kind) throws -> URL {
    let parent = FileManager.default.temporaryDirectory
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? [] where name.hasPrefix(prefix) {
      let parts = name.split(separator: "-")
      guard parts.count == 4, let owner = pid_t(parts[3]), kill(owner, 0) != 0, errno == ESRCH else { continue }
      try? FileManager.default.removeItem(at: parent.appending(path: name))
    }
    let folder = parent.appending(path: "\(prefix)\(kind)-\(getpid())")
    // A process of the same number may have left one.
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}
