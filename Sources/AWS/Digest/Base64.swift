import FoundationEssentials

/// Standard base64 with padding (RFC 4648 section 4), as checksum headers and Content-MD5 are written.
package enum Base64 {
  package static func encode(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString()
  }

  /// Nil for anything but strictly padded standard base64.
  package static func decode(_ text: String) -> [UInt8]? {
    Data(base64Encoded: text).map { [UInt8]($0) }
  }
}
