/// Simulated time since its start: an integer, since an arrival costs a few of its own kind only. It lasts 292 years.
typealias Nanoseconds = Int64

extension Duration {
  /// Rounded down.
  var inNanoseconds: Nanoseconds {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
