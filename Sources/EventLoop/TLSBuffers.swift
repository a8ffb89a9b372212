import COpenSSL

/// What OpenSSL reads from and writes to, and where plaintext goes. One for all sessions of a loop: only one session is at
/// work at a time, and it leaves `input` and `output` empty. An idle connection therefore has no buffer at all.
final class TLSBuffers {
  @LoopActor static let shared = TLSBuffers()

  static var noInput: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

  /// Ciphertext that the session at work has not read; the memory is its caller's.
  var input = noInput
  /// Ciphertext to send.
  var output: [UInt8] = []
  /// Several records: a reader is called once for all that came together.
  let plaintext = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 64)

  deinit { plaintext.deallocate() }

  /// A BIO on these buffers, which must outlive it.
  func makeBIO() -> OpaquePointer? {
    let bio = BIO_new(TLSBuffers.method)
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(bio, 1)
    return bio
  }

  /// Never changed once made.
  nonisolated(unsafe) private static let method: OpaquePointer? = {
    let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "saccade")
    BIO_meth_set_read(method) { bio, target, capacity in
      let buffers = owner(BIO_get_data(bio), as: TLSBuffers.self)
      let count = min(Int(capacity), buffers.input.count)
      guard count > 0 else {
        saccade_bio_set_retry_read(bio)
        return -1
      }
      saccade_bio_clear_retry(bio)
      target?.update(from: buffers.input.baseAddress!.assumingMemoryBound(to: CChar.self), count: count)
      buffers.input = UnsafeRawBufferPointer(rebasing: buffers.input[count...])
      return Int32(count)
    }
    BIO_meth_set_write(method) { bio, source, count in
      saccade_bio_clear_retry(bio)
      let bytes = UnsafeRawBufferPointer(start: source, count: Int(count))
      owner(BIO_get_data(bio), as: TLSBuffers.self).output.append(contentsOf: bytes)
      return count
    }
    // Flushing has nothing to do; all else is not supported.
    BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return method
  }()
}
