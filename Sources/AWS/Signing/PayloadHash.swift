/// The last line of a canonical request, and the value of `x-amz-content-sha256`.
package struct PayloadHash: Sendable, Hashable {
  package let text: String

  private init(text: String) { self.text = text }

  /// The payload is not covered by the signature (S3 only; over TLS, or with a checksum of its own).
  package static let unsigned = PayloadHash(text: "UNSIGNED-PAYLOAD")
  /// aws-chunked, chunks unsigned, a checksum in the trailer.
  package static let streamingUnsignedTrailer = PayloadHash(text: "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
  /// aws-chunked, each chunk signed.
  package static let streaming = PayloadHash(text: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
  /// aws-chunked, each chunk and the trailer signed.
  package static let streamingTrailer = PayloadHash(text: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
  /// SHA-256 of no bytes.
  package static let empty = PayloadHash(text: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

  /// The SHA-256 of a payload held in memory.
  package static func sha256(of payload: [UInt8]) -> PayloadHash {
    PayloadHash(text: MessageDigest.sha256.withHash(payload.span) { Hexadecimal.encode($0) })
  }

  /// A SHA-256 computed elsewhere, 32 bytes.
  package static func sha256(digest: [UInt8]) -> PayloadHash {
    precondition(digest.count == MessageDigest.sha256.byteCount)
    return PayloadHash(text: Hexadecimal.encode(digest))
  }

  /// As received in `x-amz-content-sha256`: one of the constants, or 64 hexadecimal digits. Nil for anything else.
  package init?(received text: String) {
    switch text {
    case Self.unsigned.text, Self.streamingUnsignedTrailer.text, Self.streaming.text, Self.streamingTrailer.text:
      self.text = text
    default:
      guard text.utf8.count == 64, Hexadecimal.decode(text) != nil else { return nil }
      self.text = text
    }
  }

  /// The 32 bytes a payload must hash to; nil when the value is one of the constants.
  package var digest: [UInt8]? { Hexadecimal.decode(text).flatMap { $0.count == 32 ? $0 : nil } }
  /// Is the body in aws-chunked framing?
  package var isStreaming: Bool {
    self == .streaming || self == .streamingTrailer || self == .streamingUnsignedTrailer
  }
  /// Does every chunk carry a signature?
  package var signsChunks: Bool { self == .streaming || self == .streamingTrailer }
  /// Do headers follow the last chunk?
  package var hasTrailer: Bool { self == .streamingTrailer || self == .streamingUnsignedTrailer }
}
