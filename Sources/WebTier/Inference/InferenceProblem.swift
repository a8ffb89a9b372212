import AWS
import HTTP

/// Problems as clients of the Open Inference Protocol read them: `{"error": "…"}`, and beside it the stable code.
enum InferenceProblem {
  /// Rewrites a problem, whoever has told it; leaves everything else as it is.
  static func translate(_ response: inout HTTPResponse) {
    guard response.problemCode != nil, let body = body(of: response.body) else { return }
    response.body = body
    response.headers["Content-Type"] = "application/json"
  }

  private static func body(of json: [UInt8]) -> [UInt8]? {
    var (detail, title, code): (String?, String?, String?)
    var (id, file): (String?, String?)
    var reader = JSONReader(json)
    do throws(JSONReader.Failure) {
      try reader.object { (reader, name) throws(JSONReader.Failure) in
        switch name {
        case "detail": detail = try reader.string()
        case "title": title = try reader.string()
        case "code": code = try reader.string()
        case "id": id = try reader.string()
        case "file": file = try reader.string()
        default: try reader.skip()
        }
      }
    } catch {
      return nil
    }
    var writer = JSONWriter(byteCapacity: json.count)
    writer.beginObject()
    writer.member("error", detail ?? title ?? "")
    if let code { writer.member("code", code) }
    if let id { writer.member("id", id) }
    if let file { writer.member("file", file) }
    writer.endObject()
    return writer.bytes
  }
}

extension Problem {
  init(_ error: InferenceError) {
    switch error {
    case .coded(let coding):
      self.init(
        .unsupportedMediaType, code: "unsupported-content-encoding",
        detail: "A body in the coding \(coding) is not read; images are compressed already. Send it without.")
    case .malformedHeaderLength:
      self.init(
        .badRequest, code: "malformed-header-length",
        detail: "\(InferenceAnswer.headerLengthField) is the length of the JSON that the body begins with, in bytes.")
    case .tooMuchJSON(let byteCountMax):
      self.init(
        .contentTooLarge, code: "inference-json-too-large",
        detail: "Without its images the JSON of a request may have at most \(byteCountMax) bytes.")
    case .malformed(let reason):
      self.init(
        .badRequest, code: "malformed-inference-request", detail: "This is no inference request: \(reason).")
    case .unsuitableInput(let reason):
      self.init(.badRequest, code: "unsuitable-input", detail: "The input does not suit the model: \(reason).")
    case .sizeMismatch(let reason):
      self.init(.badRequest, code: "tensor-size-mismatch", detail: "The tensor's size is wrong: \(reason).")
    case .malformedBase64:
      self.init(
        .badRequest, code: "malformed-base64",
        detail: "An element of data is not base64 of the standard alphabet, with padding and without line ends.")
    case .unknownOutput(let name):
      let names = InferenceOutput.allCases.map(\.rawValue).joined(separator: ", ")
      self.init(.badRequest, code: "unknown-output", detail: "There is no output \(name); there are \(names).")
    case .unsupportedParameter(let name):
      self.init(
        .badRequest, code: "unsupported-parameter",
        detail: "The parameter \(name) is not possible here. The outputs labels and scores are the likeliest classes.")
    }
  }
}
