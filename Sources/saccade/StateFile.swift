import Elasticity
import EventLoop
import Foundation
import Glibc

/// Where to ask a running `saccade up` for its state: a file in its data folder, for its user only.
struct StateFile: Codable {
  private static let byteCountMax = 4096
  /// The folder's path, in the environment of the web tier that `saccade up` starts.
  static let folderVariable = "SACCADE_STATE_FOLDER"

  /// `http://127.0.0.1:PORT`.
  var url: String
  /// What a request must present: other users of the machine reach the port, too.
  var token: String

  static func path(in folder: String) -> String { folder + "/up.json" }

  /// Under another name first: nobody ever reads half of it.
  func save(in folder: String) throws {
    let path = StateFile.path(in: folder)
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Failure("create", temporary) }
    defer { close(descriptor) }
    let bytes = [UInt8](try JSONEncoder().encode(self))
    guard write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure("write", temporary) }
    guard rename(temporary, path) == 0 else { throw Failure("rename to", path) }
  }

  /// - Returns: `nil` when there is none, or it makes no sense.
  static func load(from folder: String) throws -> StateFile? {
    let path = path(in: folder)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw Failure("open", path)
    }
    defer { close(descriptor) }
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCountMax) { buffer, count in
      count = max(0, read(descriptor, buffer.baseAddress, byteCountMax))
    }
    return try? JSONDecoder().decode(StateFile.self, from: Data(bytes))
  }

  static func remove(from folder: String) { unlink(path(in: folder)) }

  private struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ action: String, _ path: String) {
      description = "cannot \(action) \(path): \(String(cString: strerror(errno)))"
    }
  }
}
