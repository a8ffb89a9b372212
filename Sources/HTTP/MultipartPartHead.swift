/// What a part's header lines say about it.
package struct MultipartPartHead: Sendable, Hashable {
  /// The field's name (RFC 7578 4.2).
  package let name: String
  /// The file's name; nil when the part is a field and not a file. Empty when a form was sent with no file chosen, or
  /// when the name was only a path.
  ///
  /// Only the last component of a path is kept, whichever way its slashes lean (RFC 7578 4.2, RFC 6266 4.3). Otherwise
  /// it is data from a stranger: it may hold line breaks, quotes and `..`, and is to be sanitised before it goes
  /// anywhere.
  package let fileName: String?
  /// As sent. RFC 7578 4.4 has `text/plain` for a part without one.
  package let contentType: String?
  /// The part's own Content-Length, a hint that nobody checks; nil when there is none or it is no number.
  package let contentLength: Int?
  /// Where the part's content starts, in bytes from the start of the body.
  package let bodyOffset: Int
  /// The header lines as received, each with its CRLF, without the blank line.
  package let rawHeaders: [UInt8]

  package var isFile: Bool { fileName != nil }
}
