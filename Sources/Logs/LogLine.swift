package import Logging

/// Writes log lines into one buffer, in either format. Whatever a value holds, it stays in its field and its line: what
/// could end either, and what a terminal takes for a command, is escaped as JSON does it.
///
/// A line ends at ``LogLimits/lineByteCountMax``: the value that reaches it is cut, fields after it are left out, and it
/// is still a whole line.
package struct LogLine: Sendable {
  package let format: LogFormat
  /// The lines that have been ended and not been taken away.
  package private(set) var bytes: [UInt8] = []
  private var clock = LogClock()
  /// Where the present line's values must end.
  private var end = 0
  /// Room for what closes a value and a line, and for a number.
  private static let reserveByteCount = 64

  package init(_ format: LogFormat) { self.format = format }

  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// - Parameter message: A line without one is all fields.
  package mutating func begin(_ level: Logger.Level, label: String, message: String? = nil) {
    end = bytes.count + LogLimits.lineByteCountMax - LogLine.reserveByteCount
    switch format {
    case .json:
      append("{\"ts\":\"")
      clock.append(to: &bytes)
      append("\",\"level\":\"")
      bytes.append(contentsOf: level.rawValue.utf8)
      append("\",\"label\":")
      appendQuoted(label)
      if let message {
        append(",\"message\":")
        appendQuoted(message)
      }
    case .text:
      clock.append(to: &bytes)
      append(" ")
      bytes.append(contentsOf: level.rawValue.utf8)
      append(" ")
      appendEscaped(label, upTo: .max)
      append(":")
      if let message {
        append(" ")
        appendEscaped(message, upTo: .max)
      }
    }
  }

  package mutating func finish() { append(format == .json ? "}\n" : "\n") }

  // MARK: Fields

  /// - Parameters:
  ///   - name: Needs no escape: a literal of ours.
  ///   - byteCountMax: Of the value; the rest is cut off.
  package mutating func add(_ name: StaticString, _ value: String, upTo byteCountMax: Int = .max) {
    guard beginField(name) else { return }
    appendValue(value, upTo: byteCountMax)
  }

  package mutating func add(_ name: StaticString, _ value: Int) {
    guard beginField(name) else { return }
    if value < 0 { append("-") }
    bytes.appendDigits(Int(clamping: value.magnitude))
  }

  /// To the microsecond; a negative time is none.
  package mutating func add(_ name: StaticString, milliseconds value: Double) {
    guard value.isFinite, beginField(name) else { return }
    // A number of more digits has no meaning and no room.
    let microseconds = Int(min(max(0, value * 1000), 1e15).rounded())
    bytes.appendDigits(microseconds / 1000)
    append(".")
    bytes.appendDigits(microseconds % 1000, width: 3)
  }

  package mutating func add(_ name: StaticString, _ values: some Sequence<String>) {
    guard beginField(name) else { return }
    appendList(values)
  }

  /// A field whose name is anybody's.
  mutating func add(named name: String, _ value: String) {
    guard beginField(named: name) else { return }
    appendValue(value, upTo: .max)
  }

  private mutating func beginField(_ name: StaticString) -> Bool {
    guard bytes.count + name.utf8CodeUnitCount < end else { return false }
    append(format == .json ? ",\"" : " ")
    append(name)
    append(format == .json ? "\":" : "=")
    return true
  }

  private mutating func beginField(named name: String) -> Bool {
    // An escape takes up to six bytes.
    guard bytes.count + 6 * name.utf8.count < end else { return false }
    if format == .json {
      append(",")
      appendQuoted(name)
      append(":")
    } else {
      append(" ")
      appendEscaped(name, upTo: .max)
      append("=")
    }
    return true
  }

  // MARK: Values

  private mutating func appendValue(_ value: String, upTo byteCountMax: Int) {
    if format == .json || LogLine.needsQuotes(value) {
      appendQuoted(value, upTo: byteCountMax)
    } else {
      appendEscaped(value, upTo: byteCountMax)
    }
  }

  private mutating func appendList(_ values: some Sequence<String>) {
    var isFirst = true
    if format == .json { append("[") }
    for value in values {
      // Cut between elements: the last one is not to be taken for a whole.
      guard bytes.count + value.utf8.count + 3 < end else { break }
      if !isFirst { append(",") }
      isFirst = false
      appendValue(value, upTo: .max)
    }
    if format == .json { append("]") }
  }

  private mutating func appendQuoted(_ value: String, upTo byteCountMax: Int = .max) {
    append("\"")
    appendEscaped(value, upTo: byteCountMax)
    append("\"")
  }

  /// In `key=value` what has no blank, quote or equals sign in it stands for itself.
  private static func needsQuotes(_ value: String) -> Bool {
    value.isEmpty || value.utf8.contains { $0 <= 0x20 || $0 == 0x22 || $0 == 0x3D || $0 == 0x7F }
  }

  /// - Parameter byteCountMax: Of the value before it is escaped.
  private mutating func appendEscaped(_ value: String, upTo byteCountMax: Int) {
    var value = value
    value.withUTF8 { utf8 in
      var index = 0
      let count = min(utf8.count, byteCountMax)
      var start = 0
      // Runs that need nothing are copied as they are.
      func flush(_ bytes: inout [UInt8]) {
        if start < index { bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index])) }
      }
      while index < utf8.count {
        let byte = utf8[index]
        let isContinuation = byte & 0xC0 == 0x80
        if !isContinuation, index >= count || bytes.count + (index - start) >= end {
          flush(&bytes)
          return append("…")
        }
        let next = index + 1 < utf8.count ? utf8[index + 1] : 0
        // C0, DEL, and C1, whose CSI begins a terminal's commands as ESC does.
        if byte >= 0x20, byte != 0x22, byte != 0x5C, byte != 0x7F, byte != 0xC2 || next >= 0xA0 {
          index += 1
          continue
        }
        flush(&bytes)
        if byte == 0x22 || byte == 0x5C {
          bytes.append(0x5C)
          bytes.append(byte)
        } else if byte == 0x0A {
          append("\\n")
        } else {
          append("\\u00")
          let code = byte == 0xC2 ? next : byte
          bytes.append(LogLine.digits[Int(code >> 4)])
          bytes.append(LogLine.digits[Int(code & 15)])
        }
        index += byte == 0xC2 ? 2 : 1
        start = index
      }
      flush(&bytes)
    }
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private mutating func append(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
