/// Step 1 of SigV4: the request as both sides write it before hashing.
struct CanonicalRequest {
  private(set) var bytes: [UInt8] = []
  /// `host;x-amz-date`, in order.
  let signedHeaders: String

  /// Signs every header but those that hops rewrite.
  init(_ request: SigV4.Request, rules: SigV4.Rules) {
    let order = Self.signedOrder(of: request.headers)
    self.init(request, rules: rules, order: order, excludesSignature: false)
  }

  /// Takes the headers that a received request says are signed, in canonical order. Headers it does not carry add
  /// nothing, so that the signature cannot match. A presigned query does not cover its own signature.
  init(_ request: SigV4.Request, rules: SigV4.Rules, signedHeaders: [String], excludesSignature: Bool) {
    let order = signedHeaders.flatMap { name in
      request.headers.indices.filter { ASCII.equal(request.headers[$0].name, name) }
    }
    self.init(request, rules: rules, order: order, excludesSignature: excludesSignature)
  }

  /// The names that signing would cover, `;` between them: a presigned query carries them, and so needs them before.
  static func signedHeaderNames(of request: SigV4.Request, rules: SigV4.Rules) -> String {
    names(of: request.headers, in: signedOrder(of: request.headers))
  }

  private init(_ request: SigV4.Request, rules: SigV4.Rules, order: [Int], excludesSignature: Bool) {
    signedHeaders = Self.names(of: request.headers, in: order)
    // As large as what the allocator keeps for each thread, with the array's own words.
    bytes.reserveCapacity(960)
    bytes.append(contentsOf: request.method.utf8)
    endLine()
    CanonicalPath.append(request.path, rules: rules, to: &bytes)
    endLine()
    CanonicalQuery.append(request.query, excludesSignature: excludesSignature, to: &bytes)
    endLine()
    appendHeaders(request.headers, in: order)
    endLine()
    bytes.append(contentsOf: signedHeaders.utf8)
    endLine()
    bytes.append(contentsOf: request.payloadHash.text.utf8)
  }

  private mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

  /// One line a name; the values of a repeated name joined by commas in the order received.
  private mutating func appendHeaders(_ headers: [(name: String, value: String)], in order: [Int]) {
    var previous: Int?
    for index in order {
      if let previous, ASCII.equal(headers[previous].name, headers[index].name) {
        bytes[bytes.count - 1] = UInt8(ascii: ",")
      } else {
        ASCII.appendLowercased(headers[index].name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
      }
      appendCollapsed(headers[index].value)
      endLine()
      previous = index
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

  /// Indices of the headers to sign by name; equal names stay in their order. Insertion sort: there are about six.
  private static func signedOrder(of headers: [(name: String, value: String)]) -> [Int] {
    var order: [Int] = []
    order.reserveCapacity(headers.count)
    for index in headers.indices where !SigV4.Rules.isUnsigned(headers[index].name) {
      var place = order.count
      while place > 0, ASCII.precedes(headers[index].name, headers[order[place - 1]].name) { place -= 1 }
      order.insert(index, at: place)
    }
    return order
  }

  private static func names(of headers: [(name: String, value: String)], in order: [Int]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(128)
    var previous: Int?
    for index in order {
      if let previous, ASCII.equal(headers[previous].name, headers[index].name) { continue }
      if !text.isEmpty { text.append(UInt8(ascii: ";")) }
      ASCII.appendLowercased(headers[index].name, to: &text)
      previous = index
    }
    return String(decoding: text, as: UTF8.self)
  }
}
