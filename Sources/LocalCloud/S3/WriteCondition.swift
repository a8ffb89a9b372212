import HTTP

/// What a write demands of the object that is there ("Conditional writes", S3 User Guide). Checked in the write's own
/// transaction, so that of two writers with `If-None-Match: *` one wins.
struct WriteCondition: Sendable, Hashable {
  static let none = WriteCondition()

  private var ifMatch: String?
  private var ifNoneMatchAny = false

  private init() {}

  init(_ headers: HTTPHeaders) throws(S3Error) {
    if let text = headers["if-none-match"] {
      guard text == "*" else {
        throw S3Error(.notImplemented, "Only If-None-Match: * is implemented for writes.")
      }
      ifNoneMatchAny = true
    }
    if let text = headers["if-match"] {
      guard !ifNoneMatchAny else {
        throw S3Error(.notImplemented, "If-Match and If-None-Match together are not implemented for writes.")
      }
      ifMatch = EntityTags.unquoted(text)
    }
  }

  /// - Parameter etag: Of the object that is there, if any.
  func check(existing etag: String?, key: String) throws(S3Error) {
    if ifNoneMatchAny, etag != nil { throw S3Error(.preconditionFailed, details: [("Condition", "If-None-Match")]) }
    guard let ifMatch else { return }
    guard let etag else { throw S3Error(.noSuchKey, details: [("Key", key)]) }
    if ifMatch != "*", ifMatch != etag { throw S3Error(.preconditionFailed, details: [("Condition", "If-Match")]) }
  }
}
