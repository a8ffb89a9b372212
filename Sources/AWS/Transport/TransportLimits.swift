/// Every bound of a `Transport`, in one place.
package struct TransportLimits: Sendable {
  /// Requests in flight at once. A long poll counts for as long as it waits.
  package var activeRequestCountMax = 256
  /// Requests that wait for one in flight to end; the next one fails at once with `overloaded`.
  package var waitingRequestCountMax = 4096
  /// Idle connections kept for the next request. As many as can be busy: a burst must not pay for handshakes twice.
  package var cachedConnectionCountMax = 256
  /// An idle connection older than this is not used again. S3 closes its own after about 20 s; a dead one is found out
  /// anyway, this only spares the attempt.
  package var idleConnectionAgeMax: Duration = .seconds(20)
  /// Status line and headers of one response together. S3 allows 2 KiB of user metadata; nothing honest comes close.
  package var responseHeaderByteCountMax = 32 * 1024
  /// What is kept of an error's body when the response itself goes to a sink, or is larger than allowed.
  package var errorBodyByteCountMax = 64 * 1024
  /// Through a proxy, what is asked of an upload source in one call and handed to the kernel in one `send`.
  package var uploadBufferByteCount = 256 * 1024
  /// The same while more than `largeBufferCountMax` requests are active, which bounds the memory of all of them.
  package var crowdedUploadBufferByteCount = 64 * 1024
  /// 32 MiB of large buffers in all.
  package var largeBufferCountMax = 128
  /// Through a proxy, what is read from a socket in one call.
  package var downloadBufferByteCount = 64 * 1024
  /// A file of certificate authorities to trust instead of the system's (`AWS_CA_BUNDLE`).
  package var certificateAuthorityFile: String?

  package init() {}

  /// For thousands of bodies that come as slowly as their clients send them. Each costs a handle and the touched pages of
  /// its buffers, so these are small when there are many, and answers are short.
  package static func streams(activeCountMax: Int, like other: TransportLimits) -> TransportLimits {
    var limits = other
    limits.activeRequestCountMax = activeCountMax
    // Whoever asks has bounded the number of uploads already.
    limits.waitingRequestCountMax = .max
    limits.cachedConnectionCountMax = min(other.cachedConnectionCountMax, activeCountMax)
    // The least that libcurl takes.
    limits.crowdedUploadBufferByteCount = 16 * 1024
    limits.downloadBufferByteCount = 1024
    return limits
  }
}

/// How long one attempt of a request may take.
package struct TransportTimeouts: Sendable, Hashable {
  /// Name resolution, TCP and TLS handshake together.
  package var connect: Duration
  /// An attempt that moves less than a byte a second for this long is given up; nil for a long poll, which is silent by
  /// design. Time during which an upload source or a response sink itself has paused does not count.
  package var stall: Duration?
  /// The whole attempt, body included.
  package var total: Duration

  package init(connect: Duration = .seconds(5), stall: Duration? = .seconds(20), total: Duration = .seconds(120)) {
    self.connect = connect
    self.stall = stall
    self.total = total
  }
}
