/// The value of `If-Match` or `If-None-Match`: `*`, or entity tags, quoted or (as SDKs send them) bare.
struct EntityTags: Sendable, Hashable {
  private let tags: [String]

  init(_ text: String) { tags = text.split(separator: ",").map { EntityTags.unquoted($0.trimmingBlanks) } }

  func contains(_ etag: String) -> Bool { tags.contains("*") || tags.contains(etag) }

  static func unquoted(_ text: String) -> String {
    var text = text[...]
    // A weak tag never matches strongly (RFC 9110 section 8.8.3.2), but S3 has no weak ones: a proxy made it so.
    if text.hasPrefix("W/") { text = text.dropFirst(2) }
    if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
    return String(text)
  }
}
