// Load: sends images to a web tier as many clients would, and measures what comes of it. It promises that latency is
// counted from when a request was due, so that a server that stalls cannot hide behind clients that wait for it; that what
// was not sent in time is counted and told; and that nothing it keeps grows with the number of requests. It knows nothing
// of command lines and terminals, and does not retry what a server has refused.

/// The bounds of the generator, with their reasons.
package enum LoadLimits {
  /// The images of a run, which are held in memory: enough for every photo of a test set, less than a small machine has.
  package static let imageByteCountMax = 1 << 30
  /// Images of a run; the next ones of a folder would not be sent before the first ones come again.
  package static let imageCountMax = 100_000
  /// One address has 28 000 source ports for one destination by default (ip_local_port_range of ip(7)); with a wider range
  /// there are 64 000.
  package static let connectionCountMax = 60_000
  /// Connections that are being opened at once: what a listener's backlog takes without losing any (512 here).
  package static let openingCountMax = 256
  /// Requests a second. Beyond that one core does nothing but begin them.
  package static let rateMax = 200_000.0
  /// Requests that are due and wait for a connection; any more are dropped at once.
  package static let waitingCountMax = 1_000_000
  /// A response's head, …
  package static let responseHeadByteCountMax = 64 << 10
  /// … and body: an answer for 32 images is less than 64 KiB.
  package static let responseBodyByteCountMax = 1 << 20
  /// Kinds of failure that are told apart; any more are one.
  package static let failureKindCountMax = 64
  /// Pieces of the latency over time.
  package static let intervalCountMax = 240
  /// After a connection could not be opened its client waits, rather than try a hundred thousand times a second.
  package static let reconnectDelay: Duration = .milliseconds(100)
  /// How often slow clients send a piece.
  package static let paceInterval: Duration = .milliseconds(100)
  /// How long one call waits for an answer that is not there yet, in seconds, and how often it is asked for when the
  /// server does not say.
  package static let resultWaitSeconds = 20
  package static let pollInterval: Duration = .milliseconds(500)
}
