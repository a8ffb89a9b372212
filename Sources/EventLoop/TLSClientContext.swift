import COpenSSL

/// What a client's sessions share: whom to trust, and which rules to speak by.
///
/// TLS 1.2 and 1.3; the server must prove its name with a certificate that the system's authorities, or those of a file,
/// vouch for.
package final class TLSClientContext: Sendable {
  let limits = TLSLimits()
  /// OpenSSL counts its references atomically, and nothing changes it after `init`.
  nonisolated(unsafe) let pointer: OpaquePointer

  /// - Parameter authorityFile: PEM; nil for the system's (`SSL_CERT_FILE`, `SSL_CERT_DIR`, then OpenSSL's own places).
  /// - Throws: `.unusable` when the file holds no certificates.
  package init(authorityFile: String?) throws(TLSError) {
    guard let pointer = SSL_CTX_new(TLS_client_method()) else { preconditionFailure("no memory for a TLS context") }
    self.pointer = pointer
    ERR_clear_error()
    if let authorityFile {
      guard SSL_CTX_load_verify_locations(pointer, authorityFile, nil) == 1 else { throw .unusable(authorityFile) }
    } else {
      SSL_CTX_set_default_verify_paths(pointer)
    }
    SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    let isConfigured = saccade_ssl_ctx_set_min_proto_version(pointer, TLS1_2_VERSION) == 1
    precondition(isConfigured, "OpenSSL lacks TLS 1.2")
    saccade_ssl_ctx_forbid(pointer)
    // An idle connection gives back its 16 KiB record buffers.
    saccade_ssl_ctx_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS))
    _ = TLSClientContext.protocols.withUnsafeBufferPointer {
      SSL_CTX_set_alpn_protos(pointer, $0.baseAddress, UInt32($0.count))
    }
  }

  deinit { SSL_CTX_free(pointer) }

  /// RFC 7301 §3.1: a byte of length, then the name.
  private static let protocols = [UInt8(8)] + Array("http/1.1".utf8)

  /// Asks for this server, and accepts no other (RFC 6066 §3, RFC 9525). An address is not sent, but must be in the
  /// certificate.
  static func expect(_ serverName: String, _ ssl: OpaquePointer) {
    let parameters = SSL_get0_param(ssl)
    if X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName) == 1 { return }
    ERR_clear_error()
    let isNamed = saccade_ssl_set_host_name(ssl, serverName) == 1 && SSL_set1_host(ssl, serverName) == 1
    precondition(isNamed, "no memory for a server's name")
  }
}
