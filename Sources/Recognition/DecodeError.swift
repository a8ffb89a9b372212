/// Why an image was refused. All four are the image's fault: trying again with the same bytes gives the same error.
package enum DecodeError: Error, Sendable, Equatable {
  /// There are no bytes at all.
  case empty
  /// The first bytes are those of no format in `ImageFormat`.
  case unsupportedFormat
  /// Over one of `ImageLimits`; the text says which.
  case tooLarge(String)
  /// Damaged, cut short, or a variant that the libraries do not read; the text is the library's or ours.
  case undecodable(String)

  /// Stable: part of the answers' format, for programs.
  package var code: String {
    switch self {
    case .empty: "empty-file"
    case .unsupportedFormat: "unsupported-format"
    case .tooLarge: "image-too-large"
    case .undecodable: "undecodable-image"
    }
  }

  /// For people, in one or two sentences.
  package var message: String {
    switch self {
    case .empty: "The file is empty."
    case .unsupportedFormat:
      "The file is not an image in a supported format. Supported are JPEG, PNG, GIF, WebP, TIFF, HEIC and AVIF."
    case .tooLarge(let reason): "The image is too large: \(reason)."
    case .undecodable(let reason): "The image cannot be decoded: \(reason)."
    }
  }
}

extension DecodeError: CustomStringConvertible {
  package var description: String { "\(code): \(message)" }
}
