/// What a client may make a TLS session hold before, and beside, what it says in plaintext.
package struct TLSLimits: Sendable {
  /// A client's part of the handshake; beyond it the connection ends. A ClientHello with a post-quantum key and a ticket
  /// has 2 to 3 KiB; OpenSSL alone would buffer 128 KiB for each stranger.
  package var handshakeByteCountMax = 16 * 1024
  /// What the protocol itself has answered (handshake, tickets, key updates) while the client takes none of it; beyond it
  /// the connection ends. The longest certificate chains stay below; an endless run of KeyUpdate requests does not.
  package var replyByteCountMax = 64 * 1024

  package init() {}
}
