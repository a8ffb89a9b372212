import COpenSSL

/// One side of one TLS connection, as a machine: ciphertext and plaintext go in and come out, nothing is sent.
///
/// The handshake happens within `read()`. After every call `buffers.output` is the caller's to send, in that order.
@LoopActor
final class TLSSession {
  enum Reading: Equatable {
    /// So many bytes of `buffers.plaintext`.
    case plaintext(byteCount: Int)
    /// More ciphertext is needed.
    case starved
    /// The peer has said close_notify.
    case ended
    /// The peer does not speak TLS as we do, or what came was not what it had sent. The alert is in the output.
    case failed
  }

  /// RFC 8446 §5.1: the plaintext of one record. With as much room OpenSSL never keeps a part of one.
  private static let recordByteCountMax = 16 * 1024

  let buffers: TLSBuffers
  private let limits: TLSLimits
  /// Freed by `deinit`, which the loop's thread runs.
  private nonisolated(unsafe) let ssl: OpaquePointer

  /// Whether all ciphertext is read; otherwise `read()` has something to say.
  private(set) var isStarved = true
  private(set) var isEstablished = false
  private(set) var hasFailed = false
  private var hasEnded = false
  private var handshakeByteCount = 0
  /// Ciphertext whose turn has not come, since its reader has stopped: less than one read of the socket.
  private var held: [UInt8] = []
  /// Plaintext that waits for the handshake, or for the rest of a key update.
  private var unsent: [UInt8] = []
  /// Ciphertext that reading has produced since its owner has set this to zero.
  private(set) var replyByteCount = 0

  /// The server's side.
  init(_ context: TLSContext, buffers: TLSBuffers = .shared) {
    context.renewTicketKey()
    ssl = TLSSession.make(context.pointer, buffers)
    self.buffers = buffers
    limits = context.limits
    SSL_set_accept_state(ssl)
  }

  /// The client's side, which has to speak first: reading it begins the handshake.
  init(_ context: TLSClientContext, serverName: String, buffers: TLSBuffers = .shared) {
    ssl = TLSSession.make(context.pointer, buffers)
    self.buffers = buffers
    limits = context.limits
    isStarved = false
    TLSClientContext.expect(serverName, ssl)
    SSL_set_connect_state(ssl)
  }

  private static func make(_ context: OpaquePointer, _ buffers: TLSBuffers) -> OpaquePointer {
    guard let ssl = SSL_new(context), let bio = buffers.makeBIO() else {
      preconditionFailure("no memory for a TLS session")
    }
    // Takes the one reference for both directions.
    SSL_set_bio(ssl, bio, bio)
    return ssl
  }

  /// Why the peer's certificate was refused.
  var distrust: String? {
    let code = SSL_get_verify_result(ssl)
    guard code != Int(X509_V_OK), let text = X509_verify_cert_error_string(code) else { return nil }
    return String(cString: text)
  }

  deinit { SSL_free(ssl) }

  // MARK: Reading

  /// Makes what has come readable for the length of `body`; what it leaves is held.
  func withCiphertext(_ bytes: UnsafeRawBufferPointer, _ body: () -> Void) {
    isStarved = false
    if !isEstablished { handshakeByteCount += bytes.count }
    lend(bytes, body)
  }

  /// As ``withCiphertext(_:_:)`` with what was held.
  func withHeldCiphertext(_ body: () -> Void) {
    let bytes = held
    bytes.withUnsafeBytes { lend($0, body) }
  }

  private func lend(_ bytes: UnsafeRawBufferPointer, _ body: () -> Void) {
    buffers.input = bytes
    body()
    held = Array(buffers.input)
    buffers.input = TLSBuffers.noInput
  }

  /// Decrypts as much as there is and fits.
  func read() -> Reading {
    var byteCount = 0
    while !isStarved, !hasFailed, buffers.plaintext.count - byteCount >= TLSSession.recordByteCountMax {
      let outputByteCount = buffers.output.count
      ERR_clear_error()
      let count = SSL_read(
        ssl, buffers.plaintext.baseAddress! + byteCount, Int32(buffers.plaintext.count - byteCount))
      replyByteCount += buffers.output.count - outputByteCount
      let error = SSL_get_error(ssl, count)
      sendUnsent()
      switch error {
      case SSL_ERROR_NONE: byteCount += Int(count)
      case SSL_ERROR_WANT_READ: starve()
      case SSL_ERROR_ZERO_RETURN: return byteCount > 0 ? .plaintext(byteCount: byteCount) : .ended
      default: fail()
      }
    }
    if byteCount > 0 { return .plaintext(byteCount: byteCount) }
    return hasFailed ? .failed : .starved
  }

  private func starve() {
    isStarved = true
    // Everything that has come belonged to the handshake.
    if !isEstablished, handshakeByteCount > limits.handshakeByteCountMax { fail() }
  }

  private func fail() {
    hasFailed = true
    ERR_clear_error()
  }

  // MARK: Writing

  /// Plaintext that could not be encrypted yet.
  var unsentByteCount: Int { unsent.count }

  /// Encrypts, in records of at most 16 KiB. Nothing is written after `end()` or a failure.
  func write(_ bytes: UnsafeRawBufferPointer) {
    guard !hasFailed, !hasEnded, !bytes.isEmpty else { return }
    if !unsent.isEmpty || !encrypt(bytes) { unsent.append(contentsOf: bytes) }
  }

  private func sendUnsent() {
    if !isEstablished { isEstablished = SSL_is_init_finished(ssl) == 1 }
    guard isEstablished, !unsent.isEmpty else { return }
    if unsent.withUnsafeBytes({ encrypt($0) }) { unsent = [] }
  }

  /// - Returns: False when OpenSSL must read first. A part is never taken.
  private func encrypt(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard isEstablished else { return false }
    ERR_clear_error()
    // SSL_write may read, but what is there to read may be another session's, whose reader is writing to this one.
    let input = buffers.input
    buffers.input = TLSBuffers.noInput
    let count = SSL_write(ssl, bytes.baseAddress, Int32(bytes.count))
    buffers.input = input
    if count > 0 { return true }
    if SSL_get_error(ssl, count) != SSL_ERROR_WANT_READ { fail() }
    return false
  }

  /// The owner has sent every reply.
  func repliesWereSent() { replyByteCount = 0 }

  var hasTooManyReplies: Bool { replyByteCount > limits.replyByteCountMax }

  /// Says close_notify (RFC 8446 §6.1), once; reading may go on.
  /// - Returns: False while plaintext waits; then it is to be called again.
  func end() -> Bool {
    guard !hasFailed, !hasEnded else { return true }
    guard unsent.isEmpty else { return false }
    hasEnded = true
    // Where the handshake has not ended there is nothing to end.
    if isEstablished { SSL_shutdown(ssl) }
    ERR_clear_error()
    return true
  }
}
