/// The second line of a canonical request.
enum CanonicalPath {
  static func append(_ path: String, rules: SigV4.Rules, to text: inout [UInt8]) {
    if !rules.normalizesPath, appendPlain(path, to: &text) { return }
    let raw = rules.normalizesPath ? normalized(Array(path.utf8)) : Array(path.utf8)
    guard !raw.isEmpty else {
      text.append(UInt8(ascii: "/"))
      return
    }
    if rules.encodesPathTwice {
      for byte in raw { URIEncoding.append(byte, keepingSlashes: true, to: &text) }
      return
    }
    // S3: whatever way the sender encoded the key, its bytes are encoded once.
    var encoded = text
    text = []
    URIEncoding.forEachDecodedByte(of: raw.span, plusIsSpace: false) {
      URIEncoding.append($0, keepingSlashes: true, to: &encoded)
    }
    text = encoded
  }

  /// Appends a path in which there is nothing to encode, like those of nearly all keys of our own.
  private static func appendPlain(_ path: String, to text: inout [UInt8]) -> Bool {
    path.withBytes { path in
      guard !path.isEmpty, path.allSatisfy(URIEncoding.isUnreservedOrSlash) else { return false }
      text.append(contentsOf: path)
      return true
    }
  }

  /// RFC 3986 section 5.2.4, and empty segments removed; a "/" at the end stays.
  private static func normalized(_ path: [UInt8]) -> [UInt8] {
    let slash = UInt8(ascii: "/")
    let dot = UInt8(ascii: ".")
    // Nearly every path is normal already ("/", "/123456789012/queue").
    if !zip(path, path.dropFirst()).contains(where: { $0 == slash && ($1 == slash || $1 == dot) }) { return path }
    var segments: [ArraySlice<UInt8>] = []
    for segment in path.split(separator: slash) where !segment.elementsEqual([dot]) {
      if segment.elementsEqual([dot, dot]) {
        _ = segments.popLast()
      } else {
        segments.append(segment)
      }
    }
    var result: [UInt8] = [slash]
    result.append(contentsOf: segments.joined(separator: [slash]))
    if path.last == slash, result.count > 1 { result.append(slash) }
    return result
  }
}
