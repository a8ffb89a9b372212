import AWS

/// An answer read no further than the web tier needs: whose it is, the label or the error, which
/// worker it is from, and what that one's steps took.
///
/// The rest goes to the client as the body that came, so building all candidates and timings only to write them again
/// would be waste: on the machine this was measured, a whole ``ClassificationAnswer`` costs 20 us to decode, a fifth of
/// what the web tier spends on an upload.
package struct AnswerEnvelope: Sendable, Hashable {
  package let id: JobID
  package let outcome: Result<String, ClassificationError>
  /// Of a classified image.
  package let timings: Classification.Timings?
  /// Who classified it. A short name costs no memory of its own.
  package let worker: String?

  /// Reads a message body. Members it does not need are checked to be JSON, and not looked at.
  package init(decoding body: [UInt8]) throws(JobMessageError) {
    guard body.count <= JobMessageCoder.byteCountMax else {
      throw .tooLarge(byteCountMax: JobMessageCoder.byteCountMax)
    }
    var members = Members()
    var reader = JSONReader(body)
    do throws(JSONReader.Failure) {
      try reader.object { (reader, name) throws(JSONReader.Failure) in try members.read(name, &reader) }
      try reader.end()
    } catch {
      throw .malformed(error.description)
    }
    guard let version = members.version else { throw .malformed("v is missing") }
    guard version == ClassificationAnswer.version else { throw .unsupportedVersion(version) }
    guard let id = JobID(members.id) else { throw .malformed("id is no UUID of version 7") }
    self.id = id
    worker = members.worker
    if let error = members.error {
      outcome = .failure(error)
      timings = nil
    } else if let label = members.label {
      outcome = .success(label)
      timings = members.timings
    } else {
      throw .malformed("label is missing")
    }
  }
}

/// What is kept of an answer while it is read, in whichever order its members come.
private struct Members {
  var version: Int?
  var id = ""
  var label: String?
  var error: ClassificationError?
  var timings: Classification.Timings?
  var worker: String?

  mutating func read(_ name: JSONReader.Name, _ reader: inout JSONReader) throws(JSONReader.Failure) {
    if reader.null() { return }
    switch name {
    case "v": version = try reader.integer()
    case "id": id = try reader.string()
    case "label": label = try reader.string()
    case "error": error = try Self.error(&reader)
    case "worker": worker = try reader.string()
    case "timings": timings = try Self.timings(&reader)
    default: try reader.skip()
    }
  }

  private static func error(_ reader: inout JSONReader) throws(JSONReader.Failure) -> ClassificationError {
    var (code, message): (String?, String?)
    try reader.object { (reader, name) throws(JSONReader.Failure) in
      switch name {
      case "code": code = try reader.string()
      case "message": message = try reader.string()
      default: try reader.skip()
      }
    }
    guard let code, let message else { throw reader.failure("an error without code or message") }
    return ClassificationError(code: .init(rawValue: code), message: message)
  }

  /// - Returns: nil when one of them is no number: an answer is not lost for the sake of its timings.
  private static func timings(_ reader: inout JSONReader) throws(JSONReader.Failure) -> Classification.Timings? {
    var timings = Classification.Timings()
    var isLegible = true
    try reader.object { (reader, name) throws(JSONReader.Failure) in
      if reader.null() { return }
      let milliseconds = try reader.numberIfAny()
      if milliseconds == nil { isLegible = false }
      switch name {
      case "queue": timings.queue = milliseconds
      case "fetch": timings.fetch = milliseconds
      case "decode": timings.decode = milliseconds
      case "classify": timings.classify = milliseconds
      case "total": timings.total = milliseconds
      default: break
      }
    }
    return isLegible ? timings : nil
  }
}
