package import struct FoundationEssentials.Date

/// What S3 tells of an object besides its bytes.
package struct ObjectInfo: Sendable, Hashable {
  package var byteCount: Int
  /// Without its quotation marks.
  package var entityTag: String
  package var contentType: String?
  package var lastModified: Date?
  /// The `x-amz-meta-` headers, names in lower case and without that prefix.
  package var metadata: [String: String]

  init(_ headers: ResponseHeaders) {
    byteCount = headers.contentLength ?? 0
    entityTag = headers["etag"].map(Self.unquoted) ?? ""
    contentType = headers["content-type"]
    lastModified = headers["last-modified"].flatMap(HTTPDate.parse)
    metadata = [:]
    for (name, value) in headers.all {
      let name = name.lowercased()
      if name.hasPrefix("x-amz-meta-") { metadata[String(name.dropFirst(11))] = value }
    }
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
