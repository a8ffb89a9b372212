import HTTP
import Jobs

/// Finds or makes the id of each request.
struct RequestIDSource {
  /// Where this process's ids begin: random, so that processes do not share any.
  private var state: UInt64

  init(seed: UInt64 = .random(in: .min ... .max)) { state = seed }

  /// The client's own, if it is sane, else a new one.
  mutating func id(of headers: HTTPHeaders) -> RequestID {
    headers["x-request-id"].flatMap { RequestID($0) } ?? next()
  }

  /// SplitMix64: a counter whose values are mixed by a bijection, so that none comes twice in 2^64 and neighbours do not
  /// look alike. Nothing is secret about them.
  mutating func next() -> RequestID {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return RequestID(bits: bits ^ (bits >> 31))
  }
}
