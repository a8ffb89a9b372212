import CCurl

/// The header lines of one request in curl's form, a linked list of C strings, in memory that is used again for the next
/// request: curl only reads the list, so nothing obliges it to be a dozen allocations of `curl_slist_append`'s.
struct RequestHeaderList: ~Copyable {
  private var nodes: UnsafeMutablePointer<curl_slist>
  private var nodeCapacity = 16
  private var nodeCount = 0
  private var text: UnsafeMutablePointer<CChar>
  private var textCapacity = 2048
  private var textCount = 0

  init() {
    nodes = .allocate(capacity: nodeCapacity)
    text = .allocate(capacity: textCapacity)
  }

  deinit {
    nodes.deallocate()
    text.deallocate()
  }

  /// The list; valid until it is changed or goes. Nil when it is empty.
  var first: UnsafeMutablePointer<curl_slist>? { nodeCount == 0 ? nil : nodes }

  mutating func removeAll() {
    nodeCount = 0
    textCount = 0
  }

  /// Makes room, so that appending moves nothing that the list points to.
  /// - Parameter byteCount: Of all names and values that follow.
  mutating func reserve(headerCount: Int, byteCount: Int) {
    precondition(nodeCount == 0, "the list's own pointers would dangle")
    if headerCount > nodeCapacity {
      nodes.deallocate()
      nodeCapacity = headerCount * 2
      nodes = .allocate(capacity: nodeCapacity)
    }
    // A colon, a space and the final zero.
    let textByteCount = byteCount + headerCount * 3
    if textByteCount > textCapacity {
      text.deallocate()
      textCapacity = textByteCount * 2
      text = .allocate(capacity: textCapacity)
    }
  }

  /// Appends `name: value`; without a value curl's notation for an empty one, `name;`.
  /// - Returns: False, and nothing is appended, when the name is no token (RFC 9110 §5.6.2) or the value could end its line.
  mutating func append(name: String, value: String) -> Bool {
    let start = textCount
    guard write(name, where: RequestHead.isTokenCharacter), textCount > start else {
      textCount = start
      return false
    }
    if value.isEmpty {
      put(UInt8(ascii: ";"))
    } else {
      put(UInt8(ascii: ":"))
      put(UInt8(ascii: " "))
      guard write(value, where: { $0 != 0x0A && $0 != 0x0D && $0 != 0 }) else {
        textCount = start
        return false
      }
    }
    link(from: start)
    return true
  }

  /// Keeps curl from sending a field of its own: `name:`.
  mutating func suppress(_ name: StaticString) {
    let start = textCount
    for index in 0..<name.utf8CodeUnitCount { put(name.utf8Start[index]) }
    put(UInt8(ascii: ":"))
    link(from: start)
  }

  private mutating func link(from start: Int) {
    put(0)
    precondition(nodeCount < nodeCapacity, "reserve(headerCount:byteCount:) was told less")
    (nodes + nodeCount).initialize(to: curl_slist(data: text + start, next: nil))
    if nodeCount > 0 { nodes[nodeCount - 1].next = nodes + nodeCount }
    nodeCount += 1
  }

  private mutating func put(_ byte: UInt8) {
    precondition(textCount < textCapacity, "reserve(headerCount:byteCount:) was told less")
    text[textCount] = CChar(bitPattern: byte)
    textCount += 1
  }

  private mutating func write(_ string: String, where isAllowed: (UInt8) -> Bool) -> Bool {
    var string = string
    return string.withUTF8 { bytes in
      guard bytes.count < textCapacity - textCount else { preconditionFailure("reserve was told less") }
      var end = text + textCount
      for byte in bytes {
        guard isAllowed(byte) else { return false }
        end.pointee = CChar(bitPattern: byte)
        end += 1
      }
      textCount += bytes.count
      return true
    }
  }
}
