import COpenSSL
import Glibc

/// A server's certificate, key and rules, which its sessions share and keep alive.
///
/// TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only (RFC 9325). Sessions are resumed by tickets, by
/// whichever context shares its ticket keys: the server remembers nothing of a client that has gone.
package final class TLSContext: Sendable {
  let limits: TLSLimits
  /// OpenSSL counts its references atomically, and nothing changes it after `init` but `renewTicketKey()`, on the loop.
  nonisolated(unsafe) let pointer: OpaquePointer
  private let tickets: TLSTicketKeys
  /// Whose ticket key it has.
  @LoopActor private var ticketDay = Int.min

  /// Of TLS 1.2; all suites of TLS 1.3 are good. The client's order decides, which knows whether its processor has AES.
  private static let ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

  /// Reads the files, which blocks for as long as the disk takes.
  package init(
    _ files: TLSFiles, limits: TLSLimits = TLSLimits(), tickets: TLSTicketKeys = TLSTicketKeys()
  ) throws(TLSError) {
    guard let pointer = SSL_CTX_new(TLS_server_method()) else { preconditionFailure("no memory for a TLS context") }
    self.pointer = pointer
    self.limits = limits
    self.tickets = tickets
    try load(files)
    try checkValidity(files.certificateChain)
    let isConfigured =
      saccade_ssl_ctx_set_min_proto_version(pointer, TLS1_2_VERSION) == 1
      && SSL_CTX_set_cipher_list(pointer, TLSContext.ciphers) == 1
      && TLSContext.sessionContext.withUnsafeBufferPointer {
        SSL_CTX_set_session_id_context(pointer, $0.baseAddress, UInt32($0.count)) == 1
      }
    precondition(isConfigured, "OpenSSL lacks what TLS 1.2 consists of")
    // Compression tells secrets by length (CRIME); renegotiation lets a client make the server work for nothing.
    saccade_ssl_ctx_forbid(pointer)
    // An idle connection gives back its 16 KiB record buffers.
    saccade_ssl_ctx_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS))
    // Clients keep their sessions themselves, in tickets.
    saccade_ssl_ctx_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_OFF))
    SSL_CTX_set_alpn_select_cb(pointer, selectApplicationProtocol, nil)
  }

  deinit { SSL_CTX_free(pointer) }

  /// Before a session begins: tickets are written and read with the key of the day.
  @LoopActor func renewTicketKey() {
    tickets.advance(toDay: TLSTicketKeys.today)
    guard tickets.day != ticketDay else { return }
    ticketDay = tickets.day
    // OpenSSL 3: a name of 16 bytes, 32 for HMAC, 32 for AES.
    let byteCount = saccade_ssl_ctx_set_ticket_keys(pointer, nil, 0)
    var keys = tickets.keys(byteCount: byteCount)
    let isSet = saccade_ssl_ctx_set_ticket_keys(pointer, &keys, byteCount) == 1
    OPENSSL_cleanse(&keys, keys.count)
    precondition(isSet, "OpenSSL does not take ticket keys of its own length")
  }

  /// A ticket is good for the same service only (RFC 5246 §7.4.1.2 leaves the binding to us).
  private static let sessionContext = Array("saccade".utf8)

  private func load(_ files: TLSFiles) throws(TLSError) {
    for file in [files.certificateChain, files.key] {
      let descriptor = open(file, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .unreadable(file: file, reason: String(cString: strerror(errno))) }
      close(descriptor)
    }
    ERR_clear_error()
    guard SSL_CTX_use_certificate_chain_file(pointer, files.certificateChain) == 1 else {
      throw .unusable(files.certificateChain)
    }
    // Without this OpenSSL would ask for a pass phrase on the terminal.
    SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, _ in -1 }
    guard SSL_CTX_use_PrivateKey_file(pointer, files.key, SSL_FILETYPE_PEM) == 1 else {
      if saccade_err_reason(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH { throw keyMismatch(files) }
      throw .unusable(files.key)
    }
    // A key of another kind than the certificate's is taken, as that of a second certificate which never comes.
    guard SSL_CTX_check_private_key(pointer) == 1 else { throw keyMismatch(files) }
  }

  private func keyMismatch(_ files: TLSFiles) -> TLSError {
    ERR_clear_error()
    return .keyMismatch(files)
  }

  private func checkValidity(_ file: String) throws(TLSError) {
    let certificate = SSL_CTX_get0_certificate(pointer)
    if X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0 {
      throw .notYetValid(file: file, until: TLSContext.text(X509_get0_notBefore(certificate)))
    }
    if X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0 {
      throw .expired(file: file, at: TLSContext.text(X509_get0_notAfter(certificate)))
    }
  }

  /// As RFC 3339 has it.
  private static func text(_ time: UnsafePointer<ASN1_TIME>?) -> String {
    var parts = tm()
    guard ASN1_TIME_to_tm(time, &parts) == 1 else { return "an unreadable date" }
    var buffer = [CChar](repeating: 0, count: 32)
    let count = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

private let http1 = Array("http/1.1".utf8)
private let http2 = Array("h2".utf8)

/// Selects HTTP/1.1. A client that would speak HTTP/2 and nothing we know is told so (RFC 7301 §3.2); one that offers
/// only names we have not heard of is served as one that offers none.
private let selectApplicationProtocol: SSL_CTX_alpn_select_cb_func = { _, selected, selectedCount, offered, count, _ in
  // Names of one byte's length each, whose syntax OpenSSL has checked.
  var names = UnsafeBufferPointer(start: offered, count: Int(count))[...]
  var hasHTTP2 = false
  while let nameCount = names.popFirst() {
    let name = names.prefix(Int(nameCount))
    if name.elementsEqual(http1) {
      selected?.pointee = offered?.advanced(by: name.startIndex)
      selectedCount?.pointee = nameCount
      return SSL_TLSEXT_ERR_OK
    }
    if name.elementsEqual(http2) { hasHTTP2 = true }
    names = names.dropFirst(Int(nameCount))
  }
  return hasHTTP2 ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK
}
