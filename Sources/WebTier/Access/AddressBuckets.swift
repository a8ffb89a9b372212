import EventLoop

/// The token buckets of addresses, the least recently seen forgotten first.
///
/// Two generations take the place of a list in order of use: an address is forgotten once at least half of the bound's
/// other addresses have been seen since. Every request costs two look-ups at most and there is nothing to sweep. A value.
struct AddressBuckets {
  private let generationCountMax: Int
  private var young: [IPAddress: TokenBucket] = [:]
  private var old: [IPAddress: TokenBucket] = [:]

  init(countMax: Int) { generationCountMax = max(1, countMax / 2) }

  /// Addresses that are remembered.
  var count: Int { young.count + old.count }

  /// Takes a token of the subscriber's.
  /// - Returns: `nil`, or how long until there will be one.
  mutating func take(
    _ subscriber: IPAddress, _ limit: RateLimit, at now: ContinuousClock.Instant
  ) -> Duration? {
    if let index = young.index(forKey: subscriber) { return young.values[index].take(limit, at: now) }
    if young.count == generationCountMax {
      old = young
      young = [:]
    }
    var bucket = old.removeValue(forKey: subscriber) ?? TokenBucket()
    let wait = bucket.take(limit, at: now)
    young[subscriber] = bucket
    return wait
  }
}
