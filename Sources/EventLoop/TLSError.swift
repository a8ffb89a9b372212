import COpenSSL

/// Why a certificate and its key cannot serve.
package enum TLSError: Error, Sendable, Hashable, CustomStringConvertible {
  case unreadable(file: String, reason: String)
  /// Not PEM, encrypted, of a kind or strength that OpenSSL refuses.
  case unusable(file: String, reason: String)
  case keyMismatch(TLSFiles)
  /// The times are UTC.
  case expired(file: String, at: String)
  case notYetValid(file: String, until: String)

  package var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
    case .unusable(let file, let reason): "\(file) cannot be used: \(reason)"
    case .keyMismatch(let files): "\(files.key) is not the key of the certificate in \(files.certificateChain)"
    case .expired(let file, let at): "the certificate in \(file) has expired on \(at)"
    case .notYetValid(let file, let until): "the certificate in \(file) is not valid before \(until)"
    }
  }

  /// Makes an error of what OpenSSL has queued for this thread, and leaves the queue empty.
  static func unusable(_ file: String) -> TLSError {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    return .unusable(file: file, reason: ERR_reason_error_string(code).map { String(cString: $0) } ?? "unknown error")
  }
}
