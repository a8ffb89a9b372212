package import FoundationEssentials

/// How long a service asks its caller to wait.
package enum RetryAfter {
  /// Reads `x-amz-retry-after` (milliseconds) or else `Retry-After` (seconds or a date, RFC 9110 section 10.2.3); nil
  /// when there is neither, or nothing legible. A date that has passed is no delay.
  package static func delay(milliseconds: String?, retryAfter: String?, now: Date) -> Duration? {
    if let milliseconds, let value = number(milliseconds) { return .milliseconds(value) }
    guard let retryAfter else { return nil }
    if let seconds = number(retryAfter) { return .seconds(seconds) }
    guard let date = HTTPDate.parse(retryAfter) else { return nil }
    return .seconds(max(0, date.timeIntervalSince(now)))
  }

  /// Nine digits at most: a century is as good as any longer time, and no arithmetic on it overflows.
  private static func number(_ text: String) -> Int? {
    guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }
}
