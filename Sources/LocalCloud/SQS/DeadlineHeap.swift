/// A binary heap of ids, the smallest key first, equal keys in the order of their ids.
///
/// Nothing is taken out of its middle: who changes the state of an id raises its version, and an item with an older
/// version is skipped when it comes up. The owner calls `compact` when too many of those have gathered.
struct DeadlineHeap: Sendable {
  struct Item: Sendable, Equatable {
    var key: Int64
    var id: UInt64
    var version: UInt32 = 0

    fileprivate func comes(before other: Item) -> Bool {
      key != other.key ? key < other.key : id < other.id
    }
  }

  private var items: [Item] = []

  var count: Int { items.count }
  var first: Item? { items.first }

  mutating func push(_ item: Item) {
    items.append(item)
    siftUp(from: items.count - 1)
  }

  @discardableResult
  mutating func popFirst() -> Item? {
    guard let first = items.first, let last = items.popLast() else { return nil }
    if !items.isEmpty {
      items[0] = last
      siftDown(from: 0)
    }
    return first
  }

  /// Drops what is not current. Linear in the number of items.
  mutating func compact(keeping isCurrent: (Item) -> Bool) {
    items.removeAll { !isCurrent($0) }
    for index in stride(from: items.count / 2 - 1, through: 0, by: -1) { siftDown(from: index) }
  }

  private mutating func siftUp(from start: Int) {
    let item = items[start]
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard item.comes(before: items[parent]) else { break }
      items[index] = items[parent]
      index = parent
    }
    items[index] = item
  }

  private mutating func siftDown(from start: Int) {
    let item = items[start]
    var index = start
    while true {
      var child = 2 * index + 1
      guard child < items.count else { break }
      if child + 1 < items.count, items[child + 1].comes(before: items[child]) { child += 1 }
      guard items[child].comes(before: item) else { break }
      items[index] = items[child]
      index = child
    }
    items[index] = item
  }
}
