/// Step 1 of SigV4: the request as both sides write it before hashing.
struct CanonicalRequest {
  private(set) var bytes: [UInt8] = []

  /// - Parameter excludesSignature: a presigned query does not cover its own signature.
  init(
    _ request: SigV4.Request, rules: SigV4.Rules, signing headers: SignedHeaders, excludesSignature: Bool = false
  ) {
    // As large as what the allocator keeps for each thread, with the array's own words.
    bytes.reserveCapacity(960)
    bytes.append(contentsOf: request.method.utf8)
    endLine()
    CanonicalPath.append(request.path, rules: rules, to: &bytes)
    endLine()
    CanonicalQuery.append(request.query, excludesSignature: excludesSignature, to: &bytes)
    endLine()
    appendHeaders(request.headers, headers)
    endLine()
    bytes.append(contentsOf: headers.text.utf8)
    endLine()
    bytes.append(contentsOf: request.payloadHash.text.utf8)
  }

  private mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

  /// One line a name; the values of a repeated name joined by commas in the order received.
  private mutating func appendHeaders(_ headers: [(name: String, value: String)], _ signed: SignedHeaders) {
    for entry in signed.entries {
      if entry.start.isEmpty { bytes[bytes.count - 1] = UInt8(ascii: ",") } else { bytes += entry.start }
      appendCollapsed(headers[entry.index].value)
      endLine()
    }
  }

  /// Trims, and makes every run of white space (line folds too) one space, inside quotes as well.
  private mutating func appendCollapsed(_ value: String) {
    value.withBytes { value in
      if value.contains(where: ASCII.isWhitespace) { appendCollapsed(value) } else { bytes.append(contentsOf: value) }
    }
  }

  private mutating func appendCollapsed(_ value: UnsafeBufferPointer<UInt8>) {
    var hasContent = false
    var spacePending = false
    for byte in value {
      if ASCII.isWhitespace(byte) {
        spacePending = hasContent
        continue
      }
      if spacePending { bytes.append(UInt8(ascii: " ")) }
      spacePending = false
      hasContent = true
      bytes.append(byte)
    }
  }
}
