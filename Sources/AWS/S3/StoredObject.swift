package import struct FoundationEssentials.Date

/// What S3 tells of an object besides its bytes.
package struct ObjectInfo: Sendable, Hashable {
  package var byteCount: Int
  /// Without its quotation marks.
  package var entityTag: String
  package var contentType: String?
  package var lastModified: Date?
  /// Of the whole object, in base64; nil when the store does not know it.
  package var crc32c: String?
  /// The `x-amz-meta-` headers, names in lower case and without that prefix.
  package var metadata: [String: String]

  init(_ headers: ResponseHeaders) {
    byteCount = headers.contentLength ?? 0
    entityTag = headers["etag"].map(Self.unquoted) ?? ""
    contentType = headers["content-type"]
    lastModified = headers["last-modified"].flatMap(HTTPDate.parse)
    crc32c = Self.crc32c(headers)
    metadata = [:]
    for (name, value) in headers.all {
      let name = name.lowercased()
      if name.hasPrefix("x-amz-meta-") { metadata[String(name.dropFirst(11))] = value }
    }
  }

  /// "Yn3w==-3" is a checksum of the parts' checksums, and of no use without the parts. Some servers leave the number out;
  /// the entity tag of what was stored in parts has it too.
  static func crc32c(_ headers: ResponseHeaders) -> String? {
    guard let sum = headers["x-amz-checksum-crc32c"], !sum.contains("-") else { return nil }
    let isInParts = headers["etag"]?.contains("-") ?? false
    return isInParts && headers["x-amz-checksum-type"] != "FULL_OBJECT" ? nil : sum
  }

  static func unquoted(_ tag: String) -> String {
    String(decoding: tag.utf8.filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
  }
}

/// An object, whole.
package struct StoredObject: Sendable {
  package var info: ObjectInfo
  package var bytes: [UInt8]
}
