import AWS
import HTTP

/// The hash of the key that a request presents, as `Authorization: Bearer KEY` (RFC 6750 §2.1) or `X-API-Key: KEY`.
enum PresentedKey {
  private static let scheme: StaticString = "bearer "

  /// - Returns: `nil` without a key. A key is at most a request's head long, so that hashing it is bounded.
  static func digest(in headers: HTTPHeaders) -> [UInt8]? {
    headers.first("authorization") { value in bearer(value).map { hash(value, from: $0) } }
      ?? headers.first("x-api-key") { value in value.isEmpty ? nil : hash(value, from: 0) }
  }

  private static func hash(_ value: Span<UInt8>, from start: Int) -> [UInt8] {
    MessageDigest.sha256.hash(value.extracting(start..<value.count))
  }

  /// Where the key begins. The scheme's case does not matter (RFC 9110 §11.1).
  private static func bearer(_ value: Span<UInt8>) -> Int? {
    let count = scheme.utf8CodeUnitCount
    guard value.count > count else { return nil }
    // Setting this bit makes lower case of letters, and leaves the blank as it is.
    for index in 0..<count where value[index] | 0x20 != scheme.utf8Start[index] { return nil }
    var start = count
    while start < value.count, value[start] == 0x20 { start += 1 }
    return start < value.count ? start : nil
  }
}
