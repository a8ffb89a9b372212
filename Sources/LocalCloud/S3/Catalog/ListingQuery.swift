/// A page of a listing that is asked for.
struct ListingQuery: Sendable, Hashable {
  var bucket: String
  var prefix = ""
  /// Empty: none.
  var delimiter = ""
  /// Only what comes after this: a key, or a common prefix. Version 1's marker, version 2's start-after and token alike.
  var after = ""
  var countMax: Int

  /// The common prefix that a key is rolled up into: up to and including the first delimiter after the prefix.
  func commonPrefix(of key: [UInt8]) -> [UInt8]? {
    let prefix = Array(prefix.utf8)
    let delimiter = Array(delimiter.utf8)
    guard !delimiter.isEmpty, key.starts(with: prefix), key.count >= prefix.count + delimiter.count else { return nil }
    for start in prefix.count...(key.count - delimiter.count)
    where key[start] == delimiter[0] && key[start..<start + delimiter.count].elementsEqual(delimiter) {
      return Array(key[..<(start + delimiter.count)])
    }
    return nil
  }

  /// Where to begin: the least key that can still be on the page.
  ///
  /// A common prefix is listed only if it comes after `after` itself (as the documentation of `CommonPrefixes` says), so
  /// a page that ended with one is continued behind all its keys.
  var lowerBound: [UInt8] {
    let prefix = Array(prefix.utf8)
    guard !after.isEmpty else { return prefix }
    let after = Array(after.utf8)
    if let rolledUp = commonPrefix(of: after) { return ByteOrder.afterAll(beginningWith: rolledUp) }
    return ByteOrder.max(prefix, ByteOrder.next(after: after))
  }

  var upperBound: [UInt8] { ByteOrder.afterAll(beginningWith: Array(prefix.utf8)) }
}
