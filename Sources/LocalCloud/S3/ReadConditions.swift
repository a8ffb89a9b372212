import HTTP

/// What a read, or the source of a copy, demands of the object (RFC 9110 section 13; `x-amz-copy-source-if-*`).
struct ReadConditions: Sendable {
  private let ifMatch: EntityTags?
  private let ifNoneMatch: EntityTags?
  private let ifModifiedSince: HTTP.HTTPDate?
  private let ifUnmodifiedSince: HTTP.HTTPDate?

  /// - Parameter prefix: Of the headers' names: empty, or `x-amz-copy-source-`.
  init(_ headers: HTTPHeaders, prefix: String = "") {
    ifMatch = headers[prefix + "if-match"].map { EntityTags($0) }
    ifNoneMatch = headers[prefix + "if-none-match"].map { EntityTags($0) }
    // A date that cannot be read counts as absent (RFC 9110 section 13.1.3).
    ifModifiedSince = headers[prefix + "if-modified-since"].flatMap { HTTP.HTTPDate(parsing: $0) }
    ifUnmodifiedSince = headers[prefix + "if-unmodified-since"].flatMap { HTTP.HTTPDate(parsing: $0) }
  }

  /// In the order of RFC 9110 section 13.2.2, which is also what S3 documents: entity tags go before dates.
  /// - Throws: `PreconditionFailed`, or `NotModified` for a read whose client has the object already.
  func check(_ record: ObjectRecord) throws(S3Error) {
    let modifiedAt = record.modifiedAt.httpDate
    if let ifMatch {
      guard ifMatch.contains(record.etag) else {
        throw S3Error(.preconditionFailed, details: [("Condition", "If-Match")])
      }
    } else if let ifUnmodifiedSince, modifiedAt > ifUnmodifiedSince {
      throw S3Error(.preconditionFailed, details: [("Condition", "If-Unmodified-Since")])
    }
    if let ifNoneMatch {
      if ifNoneMatch.contains(record.etag) { throw notModified(record) }
    } else if let ifModifiedSince, modifiedAt <= ifModifiedSince {
      throw notModified(record)
    }
  }

  private func notModified(_ record: ObjectRecord) -> S3Error {
    S3Error(
      .notModified,
      headers: ["ETag": "\"\(record.etag)\"", "Last-Modified": record.modifiedAt.httpDate.description])
  }
}
