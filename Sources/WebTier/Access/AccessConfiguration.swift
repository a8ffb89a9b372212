package import EventLoop

/// Who may use the web tier, and how much. As it is made, everybody and without limit.
package struct AccessConfiguration: Sendable {
  /// A file of keys, of which every request but health checks must present one.
  package var keyFile: String?
  /// Of each key whose line says none.
  package var keyRate: RateLimit?
  /// Of each client address: IPv4, or IPv6 /64.
  package var addressRate: RateLimit?
  /// Whose `X-Forwarded-For` is believed.
  package var trustedProxies: [Subnet] = []
  /// Of pages that may read answers, as browsers write it (`https://example.org`); `*` for any.
  package var allowedOrigins: [String] = []
  package var limits = AccessLimits()

  package init() {}
}
