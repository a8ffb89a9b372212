/// A response's headers as they came, searched when asked. Most are never looked at, so none are split beforehand.
package struct ResponseHeaders: Sendable {
  private(set) var bytes: [UInt8] = []

  package init() {}

  /// For tests and for servers: the block is built the way it would have come.
  package init(_ fields: [(name: String, value: String)]) {
    for (name, value) in fields { bytes.append(contentsOf: "\(name): \(value)\r\n".utf8) }
  }

  mutating func append(line: UnsafeRawBufferPointer) { bytes.append(contentsOf: line) }

  /// For a head that was appended as it came.
  mutating func removeStatusLine() {
    bytes.removeSubrange(..<(bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0))
  }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  var byteCount: Int { bytes.count }

  /// The first value under this name, without the white space around it. Names are compared without regard to case.
  package subscript(name: String) -> String? {
    var name = name
    return name.withUTF8 { wanted in
      var lineStart = 0
      while lineStart < bytes.count {
        let lineEnd = bytes[lineStart...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        if let value = value(of: wanted, in: bytes[lineStart..<lineEnd]) { return value }
        lineStart = lineEnd + 1
      }
      return nil
    }
  }

  /// Every field in order.
  package var all: [(name: String, value: String)] {
    bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
      return (String(decoding: line[..<colon], as: UTF8.self), Self.trimmed(line[(colon + 1)...]))
    }
  }

  package var contentLength: Int? { self["content-length"].flatMap { Int($0) } }

  private func value(of name: UnsafeBufferPointer<UInt8>, in line: ArraySlice<UInt8>) -> String? {
    let colon = line.startIndex + name.count
    guard colon < line.endIndex, line[colon] == UInt8(ascii: ":") else { return nil }
    for index in name.indices where Self.lowercased(name[index]) != Self.lowercased(line[line.startIndex + index]) {
      return nil
    }
    return Self.trimmed(line[(colon + 1)...])
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D }
    guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}
