/// Which of a request's headers a signature covers, in which order, and what is the same for every request with these
/// names: a client's requests have a few sets of them, and to find the order costs as much as to write the rest.
struct SignedHeaders: Sendable {
  /// One line of the canonical request, or what is added to the one before.
  struct Entry: Sendable {
    /// The header's place in the request.
    let index: Int
    /// `host:`; nothing when the header has the name of the one before, whose line its value joins.
    let start: [UInt8]
  }

  private let names: [String]
  let entries: [Entry]
  /// `host;x-amz-date`, in order.
  let text: String

  /// Every header but those that hops rewrite.
  init(of headers: [(name: String, value: String)]) { self.init(Self.order(of: headers), of: headers) }

  /// Those that a received request says are signed, in its order. What it does not carry adds nothing, so that the
  /// signature cannot match.
  init(_ names: [String], of headers: [(name: String, value: String)]) {
    self.init(names.flatMap { name in headers.indices.filter { ASCII.equal(headers[$0].name, name) } }, of: headers)
  }

  private init(_ order: [Int], of headers: [(name: String, value: String)]) {
    var entries: [Entry] = []
    var text: [UInt8] = []
    var previous: Int?
    for index in order {
      var start: [UInt8] = []
      if previous.map({ ASCII.equal(headers[$0].name, headers[index].name) }) != true {
        ASCII.appendLowercased(headers[index].name, to: &start)
        if !text.isEmpty { text.append(UInt8(ascii: ";")) }
        text += start
        start.append(UInt8(ascii: ":"))
      }
      entries.append(Entry(index: index, start: start))
      previous = index
    }
    names = headers.map(\.name)
    self.entries = entries
    self.text = String(decoding: text, as: UTF8.self)
  }

  /// Whether these headers have the names that it was made of, in the same order.
  func fits(_ headers: [(name: String, value: String)]) -> Bool {
    guard headers.count == names.count else { return false }
    for index in names.indices where names[index] != headers[index].name { return false }
    return true
  }

  /// Equal names stay in their order. Insertion sort: there are about six.
  private static func order(of headers: [(name: String, value: String)]) -> [Int] {
    var order: [Int] = []
    for index in headers.indices where !SigV4.Rules.isUnsigned(headers[index].name) {
      var place = order.count
      while place > 0, ASCII.precedes(headers[index].name, headers[order[place - 1]].name) { place -= 1 }
      order.insert(index, at: place)
    }
    return order
  }
}
