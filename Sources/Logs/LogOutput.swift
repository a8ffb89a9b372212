import Glibc
import Logging
import Synchronization

/// Where lines go: a descriptor, mostly standard error, that others may read slowly or not at all.
///
/// The descriptor stays blocking, since it is shared with whoever started us; a look whether it is writable goes before
/// each write. The first line that finds it stuck waits for ``LogLimits/writePatience``; it and those after it are dropped
/// until it is writable again, which a line then says.
package final class LogOutput: Sendable {
  package static let standardError = LogOutput(descriptor: STDERR_FILENO)

  private let descriptor: Int32
  private let droppedLineCount = Mutex(0)

  /// - Parameter descriptor: Stays the caller's to close.
  package init(descriptor: Int32) { self.descriptor = descriptor }

  /// Writes lines, whole and with their ends, at most ``LogLimits/lineByteCountMax`` bytes together.
  package func write(_ bytes: [UInt8], format: LogFormat) {
    guard !bytes.isEmpty else { return }
    droppedLineCount.withLock { droppedLineCount in
      if droppedLineCount > 0 {
        guard isWritable(within: .zero) else {
          droppedLineCount += LogOutput.lineCount(of: bytes)
          return
        }
        var notice = LogLine(format)
        notice.begin(.warning, label: "log", message: "lines were dropped: nobody took them")
        notice.add("dropped", droppedLineCount)
        notice.finish()
        droppedLineCount = 0
        writeAll(notice.bytes)
      }
      if isWritable(within: .zero) || isWritable(within: LogLimits.writePatience) {
        writeAll(bytes)
      } else {
        droppedLineCount += LogOutput.lineCount(of: bytes)
      }
    }
  }

  private static func lineCount(of bytes: [UInt8]) -> Int { bytes.reduce(0) { $1 == 0x0A ? $0 + 1 : $0 } }

  private func isWritable(within patience: Duration) -> Bool {
    var descriptor = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    // A signal may end the wait early; what is lost by that is a line, at worst.
    return poll(&descriptor, 1, Int32(patience / .milliseconds(1))) > 0 && descriptor.revents & Int16(POLLOUT) != 0
  }

  /// As many calls as it takes, which is one but for disks that are nearly full.
  private func writeAll(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        // There is nobody to be told.
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}
