import AWS

/// The opaque token that continues a listing: hexadecimal of what the page before ended with.
enum ContinuationToken {
  static func encode(_ last: String) -> String { Hexadecimal.encode(Array(last.utf8)) }

  static func decode(_ token: String) throws(S3Error) -> String {
    guard !token.isEmpty, let bytes = Hexadecimal.decode(token), let last = String(validating: bytes, as: UTF8.self)
    else {
      throw S3Error(
        .invalidArgument, "The continuation token provided is incorrect",
        details: [("ArgumentName", "continuation-token")])
    }
    return last
  }
}
