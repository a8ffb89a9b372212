import Recognition

/// Which class a picture's path says it shows. The first of these that names one decides:
///
/// 1. a WordNet id in the file's name (`n01440764_tench.JPEG`);
/// 2. a label that the file's name is, without its extension and numbers before and after it (`great_white_shark-2.jpg`);
/// 3. a WordNet id in the name of the folder it is in (`n01440764/10026.JPEG`);
/// 4. a label that this folder's name is (`great white shark/1.jpg`).
///
/// Case and what separates words do not count. A label that several classes have stands for each of them.
struct LabelledNames {
  private var classesByID: [String: Set<Int>] = [:]
  private var classesByLabel: [String: Set<Int>] = [:]

  init(_ labels: Labels) {
    for index in 0..<labels.count {
      if let id = labels[index].wordNetID { classesByID[id, default: []].insert(index) }
      classesByLabel[Self.words(labels[index].name).joined(separator: " "), default: []].insert(index)
    }
  }

  /// - Returns: the places of the classes in the labels; nil when the path names none.
  func classes(of path: String) -> Set<Int>? {
    let components = path.split(separator: "/")
    guard let file = components.last else { return nil }
    let stem = file.lastIndex(of: ".").map { file[..<$0] } ?? file
    return classes(named: stem) ?? components.dropLast().last.flatMap { classes(named: $0) }
  }

  private func classes(named name: Substring) -> Set<Int>? {
    var words = Self.words(name)[...]
    for word in words { if let classes = classesByID[word] { return classes } }
    if let classes = classesByLabel[words.joined(separator: " ")] { return classes }
    while let last = words.last, last.allSatisfy(\.isNumber) { words.removeLast() }
    while let first = words.first, first.allSatisfy(\.isNumber) { words.removeFirst() }
    return classesByLabel[words.joined(separator: " ")]
  }

  private static func words(_ text: some StringProtocol) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }
}
