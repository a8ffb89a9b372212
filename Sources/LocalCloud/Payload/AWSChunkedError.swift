/// What is wrong with an aws-chunked body.
enum AWSChunkedError: Error, Sendable, Hashable {
  /// Not `size[;chunk-signature=…]CRLF data CRLF … 0[;…]CRLF trailers CRLF`.
  case malformed(String)
  /// A line, or the trailer, is longer than any client's.
  case tooLong
  /// A signature is missing where they are announced, or there where they are not.
  case signature(String)
}
