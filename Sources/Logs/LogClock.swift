import Glibc

/// The time as RFC 3339 writes it, in UTC with milliseconds. What only changes with the second is kept.
package struct LogClock: Sendable {
  private var second = Int.min
  /// `2026-11-24T22:15:19.`
  private var prefix: [UInt8] = []

  package init() {}

  mutating func append(to bytes: inout [UInt8]) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    append(to: &bytes, second: now.tv_sec, millisecond: now.tv_nsec / 1_000_000)
  }

  mutating func append(to bytes: inout [UInt8], second: Int, millisecond: Int) {
    if second != self.second { renew(second) }
    bytes.append(contentsOf: prefix)
    bytes.appendDigits(millisecond, width: 3)
    bytes.append(UInt8(ascii: "Z"))
  }

  private mutating func renew(_ second: Int) {
    self.second = second
    var seconds: time_t = second
    var parts = tm()
    gmtime_r(&seconds, &parts)
    prefix.removeAll(keepingCapacity: true)
    prefix.appendDigits(Int(parts.tm_year) + 1900, width: 4)
    for (separator, value) in [
      ("-", parts.tm_mon + 1), ("-", parts.tm_mday), ("T", parts.tm_hour), (":", parts.tm_min), (":", parts.tm_sec),
    ] as [(Unicode.Scalar, Int32)] {
      prefix.append(UInt8(ascii: separator))
      prefix.appendDigits(Int(value), width: 2)
    }
    prefix.append(UInt8(ascii: "."))
  }
}

extension [UInt8] {
  /// In decimal, with leading zeros up to `width`; not negative.
  mutating func appendDigits(_ value: Int, width: Int = 1) {
    var divisor = 1
    for _ in 1..<Swift.max(1, width) { divisor *= 10 }
    while value / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(truncatingIfNeeded: value / divisor % 10) &+ UInt8(ascii: "0"))
      divisor /= 10
    }
  }
}
