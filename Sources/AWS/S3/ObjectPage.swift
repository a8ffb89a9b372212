package import struct FoundationEssentials.Date

/// One page of a bucket's listing, in the order of the keys' bytes.
package struct ObjectPage: Sendable {
  package struct Entry: Sendable, Hashable {
    package var key: String
    package var byteCount: Int
    package var entityTag: String
    package var lastModified: Date?
  }

  package var objects: [Entry]
  /// With a delimiter: what keys have in common up to it, instead of these keys.
  package var commonPrefixes: [String]
  /// Where the next page begins; nil on the last.
  package var continuationToken: String?
}
