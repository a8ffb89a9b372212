extension HTTPLimits {
  /// For a server that a few programs of this machine ask for short documents.
  package static func forThisMachine(connectionCountMax: Int) -> HTTPLimits {
    var limits = HTTPLimits()
    limits.connectionCountMax = connectionCountMax
    limits.connectionsPerAddressMax = nil
    limits.refusedConnectionCountMax = 8
    limits.bodyByteCountMax = 0
    return limits
  }
}
