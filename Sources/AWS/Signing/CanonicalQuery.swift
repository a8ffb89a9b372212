/// The third line of a canonical request: names and values encoded, then sorted by their encoded bytes.
enum CanonicalQuery {
  private struct Parameter {
    let name: Range<Int>
    let value: Range<Int>
  }

  /// - Parameter query: as on the wire. A "+" is a space, as S3 and HTML forms read it; a name without "=" has an
  ///   empty value; empty parameters vanish.
  static func append(_ query: String, excludesSignature: Bool, to text: inout [UInt8]) {
    guard !query.isEmpty else { return }
    var encoded: [UInt8] = []
    encoded.reserveCapacity(query.utf8.count + 64)
    var parameters: [Parameter] = []
    for part in Array(query.utf8).split(separator: UInt8(ascii: "&")) {
      let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
      let name = encode(part[..<equals], to: &encoded)
      let value = encode(part[equals...].dropFirst(), to: &encoded)
      if excludesSignature, encoded[name].elementsEqual("X-Amz-Signature".utf8) { continue }
      parameters.append(Parameter(name: name, value: value))
    }
    parameters.sort { left, right in
      let (leftName, rightName) = (encoded[left.name], encoded[right.name])
      if leftName.elementsEqual(rightName) {
        return encoded[left.value].lexicographicallyPrecedes(encoded[right.value])
      }
      return leftName.lexicographicallyPrecedes(rightName)
    }
    for (index, parameter) in parameters.enumerated() {
      if index > 0 { text.append(UInt8(ascii: "&")) }
      text.append(contentsOf: encoded[parameter.name])
      text.append(UInt8(ascii: "="))
      text.append(contentsOf: encoded[parameter.value])
    }
  }

  private static func encode(_ part: ArraySlice<UInt8>, to encoded: inout [UInt8]) -> Range<Int> {
    let start = encoded.count
    var buffer: [UInt8] = []
    URIEncoding.forEachDecodedByte(of: part.span, plusIsSpace: true) {
      URIEncoding.append($0, keepingSlashes: false, to: &buffer)
    }
    encoded.append(contentsOf: buffer)
    return start..<encoded.count
  }
}
