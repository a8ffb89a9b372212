/// What is wrong with a multipart/form-data body or with the Content-Type that announces it. All of it is the client's
/// to mend: ``notMultipart`` is a 415, the limits are 413, the rest is 400.
package enum MultipartError: Error, Sendable, Hashable {
  /// The Content-Type is not multipart/form-data.
  case notMultipart
  /// The Content-Type has no usable boundary parameter (RFC 2046 5.1.1).
  case malformedBoundary(String)
  case missingFirstBoundary
  case missingFinalBoundary
  /// Something other than blanks between a boundary and the end of its line.
  case malformedDelimiterLine
  case bareLineFeed
  case malformedHeader(String)
  case missingContentDisposition
  case malformedContentDisposition(String)
  case unsupportedTransferEncoding(String)
  case headersTooLong(byteCountMax: Int)
  case tooManyHeaders(countMax: Int)
  case tooManyParts(countMax: Int)
  case nameTooLong(byteCountMax: Int)
  case fileNameTooLong(byteCountMax: Int)
  case preambleTooLong(byteCountMax: Int)
  case epilogueTooLong(byteCountMax: Int)

  /// A stable identifier for clients and metrics.
  package var code: String {
    switch self {
    case .notMultipart: "not-multipart"
    case .malformedBoundary: "malformed-boundary"
    case .missingFirstBoundary: "missing-first-boundary"
    case .missingFinalBoundary: "missing-final-boundary"
    case .malformedDelimiterLine: "malformed-delimiter-line"
    case .bareLineFeed: "bare-line-feed"
    case .malformedHeader: "malformed-part-header"
    case .missingContentDisposition: "missing-content-disposition"
    case .malformedContentDisposition: "malformed-content-disposition"
    case .unsupportedTransferEncoding: "unsupported-transfer-encoding"
    case .headersTooLong: "part-headers-too-long"
    case .tooManyHeaders: "too-many-part-headers"
    case .tooManyParts: "too-many-parts"
    case .nameTooLong: "name-too-long"
    case .fileNameTooLong: "file-name-too-long"
    case .preambleTooLong: "preamble-too-long"
    case .epilogueTooLong: "epilogue-too-long"
    }
  }

  /// Whether the body was too much of something rather than wrong.
  package var isLimit: Bool {
    switch self {
    case .headersTooLong, .tooManyHeaders, .tooManyParts, .nameTooLong, .fileNameTooLong, .preambleTooLong,
      .epilogueTooLong:
      true
    default: false
    }
  }
}

extension MultipartError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notMultipart: "The Content-Type is not multipart/form-data."
    case .malformedBoundary(let detail): "The Content-Type's boundary is unusable: \(detail)."
    case .missingFirstBoundary: "The body does not contain the boundary that the Content-Type announces."
    case .missingFinalBoundary: "The form ends without its closing boundary; it was probably cut off."
    case .malformedDelimiterLine: "A boundary is followed by something other than the end of its line."
    case .bareLineFeed: "A line of the form ends in LF alone; CRLF is required."
    case .malformedHeader(let detail): "A header line of a part is malformed: \(detail)."
    case .missingContentDisposition: "A part has no Content-Disposition header."
    case .malformedContentDisposition(let detail): "The Content-Disposition of a part is malformed: \(detail)."
    case .unsupportedTransferEncoding(let encoding):
      "The Content-Transfer-Encoding \(encoding) is not supported; send the bytes as they are."
    case .headersTooLong(let max): "The header lines of a part are longer than \(max) bytes."
    case .tooManyHeaders(let max): "A part has more than \(max) header lines."
    case .tooManyParts(let max): "The form has more than \(max) parts."
    case .nameTooLong(let max): "The name of a field is longer than \(max) bytes."
    case .fileNameTooLong(let max): "The name of a file is longer than \(max) bytes."
    case .preambleTooLong(let max):
      "There are more than \(max) bytes before the first boundary; is it the one that the Content-Type announces?"
    case .epilogueTooLong(let max): "There are more than \(max) bytes after the form's closing boundary."
    }
  }
}
