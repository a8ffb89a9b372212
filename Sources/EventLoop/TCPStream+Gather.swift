import CLibuv

extension TCPStream {
  /// What is queued, and copied for it, so that libuv tells when the kernel takes bytes again.
  private static let reminderByteCountMax = 4096

  /// Writes what the kernel takes at once, in one system call, for those who keep their bytes until they have left. If
  /// that is not all, something stays buffered (`bufferedByteCount`) and `streamDidDrain` says when to go on.
  /// - Returns: How many bytes have been taken. None while others are buffered, or after a failure.
  package func writeNow(_ bytes: GatheredBytes) -> Int {
    guard isOpen, !hasFailed, bytes.byteCount > 0, bufferedByteCount == 0 else { return 0 }
    if let tls { return writePlaintextNow(bytes, tls) }
    var written = 0
    withUnsafeTemporaryAllocation(of: uv_buf_t.self, capacity: GatheredBytes.pieceCountMax) { buffers in
      for index in 0..<bytes.count { buffers.initializeElement(at: index, to: bytes[index].asUVBuffer) }
      written = Int(uv_try_write(handle.stream, buffers.baseAddress, UInt32(bytes.count)))
    }
    if written == bytes.byteCount { return written }
    if written < 0 {
      guard written == Int(UV_EAGAIN.rawValue) else {
        failLater(UVError(code: Int32(written)))
        return 0
      }
      written = 0
    }
    let reminder = bytes.dropFirst(written).prefix(TCPStream.reminderByteCountMax)
    for index in 0..<reminder.count { queue(reminder[index]) }
    return written + reminder.byteCount
  }
}
