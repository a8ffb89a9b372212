package import EventLoop

/// Every bound of the server in one place. Times are kept by one sweep every `sweepInterval`, so a wait ends between its
/// value and one interval later.
package struct HTTPLimits: Sendable {
  /// Request line and header fields together → 431. Cookies and signed URLs fit in; nginx and Apache stop near 8–32 KiB.
  package var headByteCountMax = 32 * 1024
  /// The request line → 414. RFC 9112 §3 asks for at least 8000 bytes.
  package var requestLineByteCountMax = 8 * 1024
  /// Header fields → 431. Browsers send about 20; Apache's bound is 100 too.
  package var headerCountMax = 100
  /// Body → 413. `nil` leaves it to the handler (`RequestBody.stream(to:upTo:)`). 32 MiB is a large photograph.
  package var bodyByteCountMax: Int? = 32 * 1024 * 1024
  /// Chunk extensions and trailers beyond 16 bytes a chunk and twice its data → 400: many tiny chunks with long
  /// extensions otherwise cost far more than they carry.
  package var chunkOverheadByteCountMax = 16 * 1024
  /// Bytes held while their turn has not come (pipelined requests, a body nobody reads yet); then reading stops. One
  /// read, at most 128 KiB, may come on top.
  package var heldByteCountMax = 64 * 1024
  /// A body nobody wanted is read and thrown away up to this, to keep the connection; beyond it closing is cheaper.
  package var drainByteCountMax = 256 * 1024

  /// Response bytes the kernel has not taken yet at which `ResponseBodyWriter.write` waits, and no pipelined request is
  /// begun. Enough for a fast network's window, little enough for thousands of slow clients.
  package var writeHighWaterByteCount = 256 * 1024

  /// Open connections; beyond it 503 and close. Below the usual descriptor limit of a service with its backend's share.
  package var connectionCountMax = 10_000
  /// Open connections of one client address (IPv6: /64); beyond it 429 and close. `nil`: no bound. A tenth of all, so
  /// that one address cannot take every place, and yet enough for what share an address behind a provider's NAT.
  package var connectionsPerAddressMax: Int? = 1024
  /// Proxies, whose connections are many clients': not counted by address.
  package var proxies: [Subnet] = []
  /// Connections beyond the bounds that get the 503 or 429 at one time; any more are reset.
  package var refusedConnectionCountMax = 256

  /// From the first byte of a head (or from accepting) to its end → 408. Slow-loris dies here. From accepting to the end
  /// of the first head is also what a TLS handshake has to fit in → close.
  package var headDuration: Duration = .seconds(10)
  /// Between requests → close. A little under nginx's 75 s, above the 60 s of load balancers in front.
  package var idleDuration: Duration = .seconds(65)
  /// Bytes a second that a body must bring on average over `bodyRateWindow` while it is waited for → 408. The time in which
  /// nobody here takes it does not count. 1 KiB/s is slower than any network that still works, GPRS included.
  package var bodyRateMin = 1024
  /// A phone that changes cells is silent for some seconds, hardly for twenty; Apache's module for this has 20 s too.
  package var bodyRateWindow: Duration = .seconds(20)
  /// From a head's end to the answer's last byte handed over, but for the time in which the body was waited for, which
  /// `bodyRateMin` bounds; then the handler is cancelled → 503, or a reset when the answer has begun. `nil`: no bound.
  /// 15 minutes are far beyond every bound of what a handler waits for.
  package var requestDuration: Duration? = .seconds(900)
  /// A client that takes nothing of its response for so long is reset.
  package var writeStallDuration: Duration = .seconds(30)
  /// After the last answer the client's bytes are read and thrown away so that it sees the answer, not a reset
  /// (RFC 9112 §9.6); for so long …
  package var lingerDuration: Duration = .seconds(5)
  /// … and so many bytes.
  package var lingerByteCountMax = 32 * 1024 * 1024
  /// How long a stop lets connections that wait for a request send one more, which is answered and is the last. Zero
  /// closes them at once: right where the whole service ends, not where another process takes over.
  package var stopGraceDuration: Duration = .zero

  /// How often deadlines are looked at, and the `Date` field is renewed: at most a second.
  package var sweepInterval: Duration = .seconds(1)

  package init() {}
}
