import AWS
import HTTP
import Jobs

/// The answer to an inference request: tensors in JSON, or behind it (the binary tensor data extension).
struct InferenceAnswer {
  let model: ModelName
  let version: String?
  let id: String?
  let answers: [(id: JobID, classification: Classification)]
  let outputs: [InferenceRequest.RequestedOutput]

  static let headerLengthField = "Inference-Header-Content-Length"

  var response: HTTPResponse {
    // As many for each image as for the one with the fewest: rows of a tensor are of one length.
    let candidateCount = answers.map(\.classification.top.count).min() ?? 0
    var writer = JSONWriter(byteCapacity: 256 + answers.count * 512)
    var binary: [UInt8] = []
    writer.beginObject()
    writer.member("model_name", model.description)
    if let version { writer.member("model_version", version) }
    if let id { writer.member("id", id) }
    writeTimings(to: &writer)
    writer.name("outputs")
    writer.beginArray()
    for requested in outputs {
      write(requested, candidateCount: candidateCount, to: &writer, &binary)
    }
    writer.endArray()
    writer.endObject()
    guard outputs.contains(where: \.isBinary) else {
      return HTTPResponse(status: .ok, headers: ["Content-Type": "application/json"], body: writer.bytes)
    }
    return HTTPResponse(
      status: .ok,
      headers: [
        "Content-Type": "application/octet-stream",
        InferenceAnswer.headerLengthField: String(writer.bytes.count),
      ], body: writer.bytes + binary)
  }

  private func write(
    _ requested: InferenceRequest.RequestedOutput, candidateCount: Int, to writer: inout JSONWriter,
    _ binary: inout [UInt8]
  ) {
    let values = requested.output.values(of: answers, candidateCount: candidateCount)
    writer.beginObject()
    writer.member("name", requested.output.rawValue)
    writer.member("datatype", values.datatype)
    writer.name("shape")
    writer.beginArray()
    writer.integer(answers.count)
    if requested.output.hasCandidates { writer.integer(candidateCount) }
    writer.endArray()
    if requested.isBinary {
      let start = binary.count
      InferenceAnswer.append(values, to: &binary)
      writer.name("parameters")
      writer.beginObject()
      writer.member("binary_data_size", binary.count - start)
      writer.endObject()
    } else {
      writer.name("data")
      writer.beginArray()
      switch values {
      case .text(let texts): for text in texts { writer.string(text) }
      case .numbers(let numbers): for number in numbers { writer.number(number) }
      }
      writer.endArray()
    }
    writer.endObject()
  }

  /// Of several images the slowest, in milliseconds: it is what the answer waited for.
  private func writeTimings(to writer: inout JSONWriter) {
    let timings = answers.map(\.classification.timings)
    writer.name("parameters")
    writer.beginObject()
    if let queue = timings.compactMap(\.queue).max() {
      writer.name("queue_ms")
      writer.number(Float(queue))
    }
    if let classify = timings.compactMap(\.classify).max() {
      writer.name("classify_ms")
      writer.number(Float(classify))
    }
    writer.endObject()
  }

  /// Little-endian; a BYTES element after four bytes of its length.
  private static func append(_ values: InferenceOutput.Values, to bytes: inout [UInt8]) {
    switch values {
    case .text(let texts):
      for text in texts {
        append(UInt32(text.utf8.count), to: &bytes)
        bytes.append(contentsOf: text.utf8)
      }
    case .numbers(let numbers): for number in numbers { append(number.bitPattern, to: &bytes) }
    }
  }

  private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
