import Glibc
import Logs
import Testing

/// A pipe with a log's output at one end; the test reads the other, or does not.
final class LogPipe {
  let output: LogOutput
  private let reading: Int32
  private let writing: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    (reading, writing) = (ends[0], ends[1])
    // F_SETPIPE_SZ, which Glibc's module leaves out: four pages, so that a test has it full soon.
    _ = fcntl(writing, Int32(1031), 4 * 4096)
    _ = fcntl(reading, F_SETFL, O_NONBLOCK)
    output = LogOutput(descriptor: writing)
  }

  deinit {
    close(reading)
    close(writing)
  }

  /// What has come, without waiting.
  func takeLines() -> [String] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(reading, &piece, piece.count)
      if count <= 0 { break }
      bytes += piece.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
