import CLibuv
import Glibc

/// Bytes for one child process, in a pipe that it inherits. An environment would show them in /proc for as long as the
/// child lives.
package struct SecretPipe {
  /// To read from: the bytes and then their end. Closed in children, unless they are started with it.
  package let descriptor: Int32

  /// - Parameter bytes: At most PIPE_BUF of them.
  package init(_ bytes: [UInt8]) throws(UVError) {
    precondition(bytes.count <= Int(PIPE_BUF))
    var ends: [uv_file] = [0, 0]
    try check(uv_pipe(&ends, 0, 0))
    descriptor = ends[0]
    // An empty pipe takes them whole.
    let count = bytes.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
    precondition(count == bytes.count)
    Glibc.close(ends[1])
  }

  package func close() { Glibc.close(descriptor) }

  /// What is in it, for the child, which has it once.
  package static func take(from descriptor: Int32) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(PIPE_BUF))
    let count = read(descriptor, &bytes, bytes.count)
    Glibc.close(descriptor)
    return Array(bytes.prefix(max(0, count)))
  }
}
