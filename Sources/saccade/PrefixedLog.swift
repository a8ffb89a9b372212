import Logging
import Logs

/// Prints the lines of several processes, each with the name of the one it came from. Where logs are JSON every line is an
/// object, also what a process says that does not log.
struct PrefixedLog: Sendable {
  /// As wide as the longest usual name, `worker 10`.
  private static let nameWidth = 9

  let format: LogFormat

  func line(_ text: String, from name: String) {
    switch format {
    case .text:
      let padding = String(repeating: " ", count: max(0, PrefixedLog.nameWidth - name.count))
      announce("\(name)\(padding) | \(text)")
    case .json:
      // The names are ours and hold nothing that JSON escapes.
      if text.hasPrefix("{\"ts\":") { return announce("{\"process\":\"\(name)\",\(text.dropFirst())") }
      say(text, from: name)
    }
  }

  func plain(_ text: String) {
    switch format {
    case .text: announce(text)
    case .json: say(text, from: "up")
    }
  }

  private func say(_ text: String, from name: String) {
    var line = LogLine(.json)
    line.begin(.info, label: "up", message: text)
    line.add("process", name)
    line.finish()
    announce(String(decoding: line.bytes.dropLast(), as: UTF8.self))
  }
}
