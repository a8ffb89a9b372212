/// Header fields in the order they came or were added; names compare without regard to case (RFC 9110 §5.1).
///
/// All names and values live in one byte buffer, with ranges into it: a received head is kept as it was received, and
/// strings are made only of what is asked for. A field is at most 4 GiB into the buffer, far above every limit.
package struct HTTPHeaders: Sendable {
  /// One field's name and value, as ranges of `bytes`.
  struct Field: Sendable {
    var nameStart: UInt32
    var nameCount: UInt32
    var valueStart: UInt32 = 0
    var valueCount: UInt32 = 0

    @inline(__always)
    var name: Range<Int> { Int(nameStart)..<Int(nameStart &+ nameCount) }

    @inline(__always)
    var value: Range<Int> { Int(valueStart)..<Int(valueStart &+ valueCount) }
  }

  private static let usualByteCount = 200
  private static let usualCount = 6

  private(set) var bytes: [UInt8]
  private(set) var fields: [Field]

  package init() {
    bytes = []
    fields = []
  }

  /// Takes over a received head and where its fields are.
  init(bytes: [UInt8], fields: [Field]) {
    self.bytes = bytes
    self.fields = fields
  }

  package var isEmpty: Bool { fields.isEmpty }
  package var count: Int { fields.count }

  /// The first value of that name; setting replaces every field of that name by one, setting `nil` removes them.
  package subscript(name: String) -> String? {
    get { firstIndex(of: name).map { string(fields[$0].value) } }
    set {
      remove(name)
      if let newValue { add(name, newValue) }
    }
  }

  package func contains(_ name: String) -> Bool { firstIndex(of: name) != nil }

  /// Every value of that name, in order; one string a field line, lists are not split.
  package func all(_ name: String) -> [String] {
    fields.indices.filter { matches(fields[$0], name) }.map { string(fields[$0].value) }
  }

  /// Adds a field behind those there are.
  ///
  /// Nothing put in here can break out of its line: CR, LF and NUL in a value become spaces and blanks around it go
  /// (RFC 9110 §5.5); a field whose name is not a token (§5.6.2) is not added at all.
  package mutating func add(_ name: String, _ value: String) {
    guard !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken) else { return }
    if fields.isEmpty {
      // Room for what most answers have.
      bytes.reserveCapacity(Self.usualByteCount)
      fields.reserveCapacity(Self.usualCount)
    }
    var field = Field(nameStart: UInt32(bytes.count), nameCount: UInt32(name.utf8.count))
    bytes.append(contentsOf: name.utf8)
    let start = bytes.count
    bytes.append(contentsOf: value.utf8)
    let cleaned = cleanValue(from: start)
    field.valueStart = UInt32(cleaned.lowerBound)
    field.valueCount = UInt32(cleaned.count)
    fields.append(field)
  }

  /// Makes spaces of the CR, LF and NUL from `start` to the end.
  /// - Returns: where the value is, without the blanks around it.
  private mutating func cleanValue(from start: Int) -> Range<Int> {
    var bytes = bytes.mutableSpan
    for index in start..<bytes.count {
      let byte = bytes[index]
      if byte == ASCII.cr || byte == ASCII.lf || byte == 0 { bytes[index] = ASCII.space }
    }
    var value = start..<bytes.count
    while let first = value.first, ASCII.isBlank(bytes[first]) { value.removeFirst() }
    while let last = value.last, ASCII.isBlank(bytes[last]) { value.removeLast() }
    return value
  }

  /// Removes every field of that name.
  package mutating func remove(_ name: String) {
    guard firstIndex(of: name) != nil else { return }
    fields = fields.filter { !matches($0, name) }
  }

  /// Compares a field's name to a lower-case literal, without making a string.
  @inline(__always)
  func isNamed(_ field: Field, _ lowercased: StaticString) -> Bool {
    guard Int(field.nameCount) == lowercased.utf8CodeUnitCount else { return false }
    for offset in 0..<lowercased.utf8CodeUnitCount
    where ASCII.lowercased(bytes[Int(field.nameStart) + offset]) != lowercased.utf8Start[offset] { return false }
    return true
  }

  func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private func firstIndex(of name: String) -> Int? {
    fields.indices.first { matches(fields[$0], name) }
  }

  private func matches(_ field: Field, _ name: String) -> Bool {
    ASCII.equalsIgnoringCase(bytes.span.extracting(field.name), name.utf8.span)
  }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, String)...) {
    self.init()
    for (name, value) in elements { add(name, value) }
  }
}

extension HTTPHeaders: Sequence {
  package typealias Element = (name: String, value: String)

  package struct Iterator: IteratorProtocol {
    private let headers: HTTPHeaders
    private var position = 0

    fileprivate init(_ headers: HTTPHeaders) { self.headers = headers }

    package mutating func next() -> Element? {
      guard position < headers.fields.count else { return nil }
      defer { position += 1 }
      let field = headers.fields[position]
      return (headers.string(field.name), headers.string(field.value))
    }
  }

  package func makeIterator() -> Iterator { Iterator(self) }
}
