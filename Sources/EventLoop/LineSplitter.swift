/// Cuts a stream of bytes into lines of text.
package struct LineSplitter {
  /// A line longer than this is delivered in pieces, so that output without an end cannot fill the memory.
  package static let lineByteCountMax = 64 * 1024

  private var partial: [UInt8] = []

  package init() {}

  /// Calls `deliver` for each line that `bytes` completes, without its line end.
  package mutating func append(_ bytes: Span<UInt8>, _ deliver: (String) -> Void) {
    for index in bytes.indices {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\n") {
        flush(deliver, evenEmpty: true)
      } else {
        partial.append(byte)
        if partial.count == LineSplitter.lineByteCountMax { flush(deliver, evenEmpty: false) }
      }
    }
  }

  /// Delivers what came after the last line end.
  package mutating func finish(_ deliver: (String) -> Void) { flush(deliver, evenEmpty: false) }

  private mutating func flush(_ deliver: (String) -> Void, evenEmpty: Bool) {
    if partial.last == UInt8(ascii: "\r") { partial.removeLast() }
    if evenEmpty || !partial.isEmpty { deliver(String(decoding: partial, as: UTF8.self)) }
    partial.removeAll(keepingCapacity: true)
  }
}
