/// Counts by key, of a few keys: to find one among them costs less than to hash it.
struct Tally<Key: Equatable> {
  private(set) var entries: [(key: Key, count: Int)]

  /// - Parameter keys: Those that are shown from the start, so that rates begin at 0.
  init(from keys: [Key] = []) { entries = keys.map { ($0, 0) } }

  mutating func count(_ key: Key) {
    if let index = entries.firstIndex(where: { $0.key == key }) {
      entries[index].count += 1
    } else {
      entries.append((key, 1))
    }
  }
}
