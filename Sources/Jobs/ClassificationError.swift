/// Why an image could not be classified, for the client to read.
package struct ClassificationError: Error, Sendable, Hashable, Codable {
  /// A stable identifier. Open, so that a web tier understands the answers of a newer worker.
  package struct Code: RawRepresentable, Sendable, Hashable, Codable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    /// It began like an image and is none, or a broken one.
    package static let undecodableImage = Code(rawValue: "undecodable-image")
    /// It has more pixels than a worker decodes.
    package static let imageTooLarge = Code(rawValue: "image-too-large")
    /// No format that a worker knows.
    package static let unsupportedFormat = Code(rawValue: "unsupported-format")
    /// The object is not in the bucket.
    package static let imageMissing = Code(rawValue: "image-missing")
    /// The worker has no model of the name that the client asked for.
    package static let unknownModel = Code(rawValue: "unknown-model")
    /// S3, SQS or the workers' machines failed for as long as the job was tried; a later request may succeed.
    package static let unavailable = Code(rawValue: "unavailable")
    /// Ours to mend.
    package static let `internal` = Code(rawValue: "internal")
  }

  package static let messageByteCountMax = 1024

  package let code: Code
  package let message: String

  /// - Parameter message: a sentence; cut at ``messageByteCountMax``.
  package init(code: Code, message: String) {
    self.code = code
    self.message = message.cut(toByteCount: Self.messageByteCountMax)
  }
}
