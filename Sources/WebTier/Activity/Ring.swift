/// The last so many of what is appended; older ones make room.
struct Ring<Element> {
  private let countMax: Int
  private var elements: [Element] = []
  /// Where the oldest is once it is full.
  private var start = 0

  /// - Parameter countMax: At least 1.
  init(countMax: Int) {
    precondition(countMax > 0)
    self.countMax = countMax
  }

  var count: Int { elements.count }
  var isEmpty: Bool { elements.isEmpty }
  /// The oldest.
  var first: Element? { elements.isEmpty ? nil : elements[start] }
  /// The newest.
  var last: Element? { elements.isEmpty ? nil : elements[(start + elements.count - 1) % elements.count] }

  mutating func append(_ element: Element) {
    if elements.count < countMax { return elements.append(element) }
    elements[start] = element
    start = (start + 1) % countMax
  }

  /// The oldest first.
  var inOrder: [Element] { Array(elements[start...] + elements[..<start]) }
}
