package import Logging

/// swift-log's way to a ``LogOutput``: each event is a line, written before the call returns.
package struct LineLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  private let label: String
  private let format: LogFormat
  private let output: LogOutput

  package init(label: String, level: Logger.Level, format: LogFormat, output: LogOutput) {
    self.label = label
    self.format = format
    self.output = output
    logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var line = LogLine(format)
    line.begin(event.level, label: label, message: event.message.description)
    var fields = metadata
    // The event's own count most, then what surrounds it.
    if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
    if let own = event.metadata { fields.merge(own) { $1 } }
    for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
      LineLogHandler.add(value, named: LineLogHandler.reserved.contains(key) ? "metadata." + key : key, to: &line)
    }
    if let error = event.error, fields["error"] == nil { line.add("error", "\(error)") }
    line.finish()
    output.write(line.bytes, format: format)
  }

  /// Each name once in an object: readers disagree on which of two counts (RFC 8259 §4).
  private static let reserved: Set<String> = ["ts", "level", "label", "message"]

  /// Flat: what is nested gets the names on the way to it, joined by periods.
  private static func add(_ value: Logger.Metadata.Value, named name: String, to line: inout LogLine) {
    switch value {
    case .string(let text): line.add(named: name, text)
    case .stringConvertible(let value): line.add(named: name, value.description)
    case .dictionary(let members):
      for (key, value) in members.sorted(by: { $0.key < $1.key }) { add(value, named: name + "." + key, to: &line) }
    case .array(let elements):
      for (index, value) in elements.enumerated() { add(value, named: "\(name).\(index)", to: &line) }
    }
  }
}
