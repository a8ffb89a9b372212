import AWS

/// The JSON of an inference request: what is asked about, and which outputs are wanted.
///
/// Of its images it has the number only. They are bytes that follow it, or have been taken out of it by
/// ``InferenceScanner``.
struct InferenceRequest {
  struct RequestedOutput: Equatable {
    let output: InferenceOutput
    let isBinary: Bool
  }

  /// What the client calls it; told in the answer.
  let id: String?
  /// By the input's shape.
  let imageCount: Int
  /// The input's `binary_data_size`, of images that follow the JSON.
  let binaryByteCount: Int?
  /// In the order of the answer.
  let outputs: [RequestedOutput]

  /// - Parameter hasData: Whether the images are to be in the JSON.
  init(parsing json: [UInt8], hasData: Bool) throws(InferenceError) {
    let document: InferenceDocument
    do throws(JSONReader.Failure) { document = try InferenceDocument(parsing: json) } catch {
      throw .malformed(error.description)
    }
    id = document.id
    guard let input = document.inputs.first else { throw .malformed("it has no inputs") }
    guard document.inputs.count == 1 else {
      throw .unsuitableInput("there is one input, \(InferenceModel.inputName), and the request has several")
    }
    imageCount = try InferenceRequest.imageCount(of: input, hasData: hasData)
    binaryByteCount = hasData ? nil : input.binaryByteCount
    outputs = try InferenceRequest.outputs(of: document)
  }

  private static func imageCount(of input: InferenceDocument.Input, hasData: Bool) throws(InferenceError) -> Int {
    guard let name = input.name, let datatype = input.datatype, let shape = input.shape else {
      throw .malformed("an input has no name, no datatype or no shape")
    }
    if let parameter = input.unsupportedParameter { throw .unsupportedParameter(parameter) }
    guard name == InferenceModel.inputName else {
      throw .unsuitableInput("the only input is \(InferenceModel.inputName), not \(name)")
    }
    guard datatype == "BYTES" else {
      throw .unsuitableInput("the datatype of \(name) is BYTES: images as files, encoded; not \(datatype)")
    }
    guard let count = shape.first, count > 0, shape.count == 1 || shape.count == 2 && shape[1] == 1 else {
      throw .unsuitableInput("the shape of \(name) is [n] or [n, 1], with n images, not \(shape)")
    }
    if hasData {
      guard input.binaryByteCount == nil else {
        throw .unsuitableInput("binary_data_size comes without Inference-Header-Content-Length, or without bytes")
      }
      guard let elementCount = input.elementCount else { throw .malformed("an input has no data") }
      guard elementCount == count else {
        throw .sizeMismatch("data has \(elementCount) elements, and the shape \(count)")
      }
    } else {
      guard input.elementCount == nil else { throw .unsuitableInput("its data are in the JSON and bytes follow it") }
      guard let byteCount = input.binaryByteCount, byteCount >= 0 else {
        throw .unsuitableInput("bytes follow the JSON, and its parameters have no binary_data_size")
      }
    }
    return count
  }

  private static func outputs(of document: InferenceDocument) throws(InferenceError) -> [RequestedOutput] {
    // None is asked for: all of them are wanted.
    guard !document.outputs.isEmpty else {
      return InferenceOutput.allCases.map { RequestedOutput(output: $0, isBinary: document.isBinaryOutput) }
    }
    var outputs: [RequestedOutput] = []
    for requested in document.outputs {
      guard let name = requested.name else { throw .malformed("an output has no name") }
      if let parameter = requested.unsupportedParameter { throw .unsupportedParameter(parameter) }
      guard let output = InferenceOutput(rawValue: name) else { throw .unknownOutput(name) }
      guard !outputs.contains(where: { $0.output == output }) else {
        throw .malformed("the output \(name) is asked for twice")
      }
      outputs.append(RequestedOutput(output: output, isBinary: requested.isBinary ?? document.isBinaryOutput))
    }
    return outputs
  }
}
