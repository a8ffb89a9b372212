/// A page of a listing.
struct ListingPage: Sendable {
  struct Entry: Sendable {
    let key: String
    let byteCount: Int
    let etag: String
    let modifiedAt: Timestamp
    let checksum: Checksum?
  }

  var entries: [Entry] = []
  var commonPrefixes: [String] = []
  var isTruncated = false
  /// The key or common prefix that the page ends with: what the next one comes after.
  var last: String?

  var count: Int { entries.count + commonPrefixes.count }
}
