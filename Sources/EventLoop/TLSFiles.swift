/// Where a server's certificate lies.
package struct TLSFiles: Sendable, Hashable {
  /// PEM: the server's own certificate first, then those that lead to a root (RFC 8446 §4.4.2).
  package var certificateChain: String
  /// PEM, without a pass phrase: nobody is there to type it.
  package var key: String

  package init(certificateChain: String, key: String) {
    self.certificateChain = certificateChain
    self.key = key
  }
}
