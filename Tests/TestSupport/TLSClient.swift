import COpenSSL

/// The client's side of a TLS connection, without a socket: what it would send is taken from `output()`, what came goes
/// into `receive(_:)`.
package final class TLSClient {
  package enum Failure: Error, Equatable {
    /// The server has sent a fatal alert, by its number (RFC 8446 §6).
    case alert(Int)
    /// An error of our own, by its name.
    case local(String)
  }

  package enum Version: Int32, Sendable, CaseIterable {
    case tls11 = 0x0302
    case tls12 = 0x0303
    case tls13 = 0x0304
  }

  private let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  /// The server has said close_notify.
  package private(set) var hasEnded = false

  /// - Parameters:
  ///   - authority: A PEM file of what is trusted; `nil` trusts anybody.
  ///   - protocols: What it offers by ALPN.
  ///   - resuming: Offers the session of this one.
  package init(
    _ version: Version = .tls13, authority: String? = nil, protocols: [String] = [], resuming other: TLSClient? = nil
  ) {
    let context = SSL_CTX_new(TLS_client_method())
    // TLS 1.1 needs SHA-1, which the default level forbids.
    if version == .tls11 { SSL_CTX_set_security_level(context, 0) }
    if let authority {
      SSL_CTX_load_verify_file(context, authority)
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    }
    ssl = SSL_new(context)!
    SSL_CTX_free(context)
    SSL_ctrl(ssl, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version.rawValue), nil)
    SSL_ctrl(ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version.rawValue), nil)
    let names = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    if !names.isEmpty { SSL_set_alpn_protos(ssl, names, UInt32(names.count)) }
    if let other {
      let session = SSL_get1_session(other.ssl)
      SSL_set_session(ssl, session)
      SSL_SESSION_free(session)
    }
    incoming = BIO_new(BIO_s_mem())
    outgoing = BIO_new(BIO_s_mem())
    SSL_set_bio(ssl, incoming, outgoing)
    SSL_set_connect_state(ssl)
  }

  deinit { SSL_free(ssl) }

  package func receive(_ bytes: some Collection<UInt8>) {
    let bytes = Array(bytes)
    if !bytes.isEmpty { BIO_write(incoming, bytes, Int32(bytes.count)) }
  }

  package func output() -> [UInt8] {
    let count = BIO_ctrl_pending(outgoing)
    var bytes = [UInt8](repeating: 0, count: count)
    if count > 0 { BIO_read(outgoing, &bytes, Int32(count)) }
    return bytes
  }

  /// - Returns: Whether the handshake is done.
  package func handshake() throws -> Bool { try check(SSL_do_handshake(ssl)) }

  package func write(_ bytes: [UInt8]) throws {
    if !bytes.isEmpty { try check(SSL_write(ssl, bytes, Int32(bytes.count))) }
  }

  /// The plaintext of everything that has come.
  package func read() throws -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    while !hasEnded {
      let count = SSL_read(ssl, &buffer, Int32(buffer.count))
      guard try check(count) else { break }
      all += buffer[..<max(0, Int(count))]
    }
    return all
  }

  /// Says close_notify.
  package func end() { SSL_shutdown(ssl) }

  /// Renews its key and asks the server to (RFC 8446 §4.6.3).
  package func requestKeyUpdate() throws {
    SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
    try check(SSL_do_handshake(ssl))
  }

  /// Asks for a second handshake, as TLS 1.2 has it.
  package func renegotiate() throws {
    SSL_renegotiate(ssl)
    try check(SSL_do_handshake(ssl))
  }

  package var isEstablished: Bool { SSL_is_init_finished(ssl) == 1 }

  package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

  /// What the server has chosen of the protocols offered.
  package var selectedProtocol: String? {
    var name: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &name, &count)
    return name.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
  }

  /// - Returns: False when more has to come first.
  @discardableResult
  private func check(_ status: Int32) throws -> Bool {
    let error = SSL_get_error(ssl, status)
    let code = ERR_peek_last_error()
    ERR_clear_error()
    switch error {
    case SSL_ERROR_NONE: return true
    case SSL_ERROR_WANT_READ: return false
    case SSL_ERROR_ZERO_RETURN:
      hasEnded = true
      return true
    default:
      let reason = saccade_err_reason(code)
      if (1000..<1256).contains(reason) { throw Failure.alert(Int(reason) - 1000) }
      throw Failure.local(ERR_reason_error_string(code).map { String(cString: $0) } ?? "\(error)")
    }
  }
}
