import EventLoop
import HTTP
import Jobs

/// Finds or makes the id of each request.
struct RequestIDSource {
  /// Where this process's ids begin: random, so that processes do not share any.
  private var generator: SplitMix64

  init(seed: UInt64 = .random(in: .min ... .max)) { generator = SplitMix64(seed: seed) }

  /// The client's own, if it is sane, else a new one.
  mutating func id(of headers: HTTPHeaders) -> RequestID {
    headers["x-request-id"].flatMap { RequestID($0) } ?? next()
  }

  mutating func next() -> RequestID { RequestID(bits: generator.next()) }
}
