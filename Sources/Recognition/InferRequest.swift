import COpenVINO

/// One inference at a time: an OpenVINO request with its input and output in place, used again and again.
///
/// Sendable on the pool's word: a request is with one thread at a time.
final class InferRequest: @unchecked Sendable {
  /// How many images an inference takes: no fewer, no more.
  let batchSize: Int

  private let request: OpaquePointer
  private let input: OpaquePointer
  private let output: OpaquePointer
  private let inputBytes: UnsafeMutableRawBufferPointer
  private let outputValues: UnsafeBufferPointer<Float>

  init(_ compiled: OpaquePointer, batchSize: Int) throws(OpenVINO.Failure) {
    let request = try OpenVINO.make { ov_compiled_model_create_infer_request(compiled, $0) }
    var tensors: [OpaquePointer] = []
    do {
      tensors.append(try OpenVINO.make { ov_infer_request_get_input_tensor(request, $0) })
      tensors.append(try OpenVINO.make { ov_infer_request_get_output_tensor(request, $0) })
      let (inputMemory, outputMemory) = (
        try InferRequest.memory(of: tensors[0]), try InferRequest.memory(of: tensors[1])
      )
      inputBytes = inputMemory
      outputValues = UnsafeBufferPointer(outputMemory.bindMemory(to: Float.self))
    } catch {
      for tensor in tensors { ov_tensor_free(tensor) }
      ov_infer_request_free(request)
      throw error
    }
    (self.request, input, output, self.batchSize) = (request, tensors[0], tensors[1], batchSize)
  }

  deinit {
    ov_tensor_free(output)
    ov_tensor_free(input)
    ov_infer_request_free(request)
  }

  /// Runs the model on the calling thread; `body` sees the outputs of each picture, which are valid during its call.
  /// - Parameter pictures: `batchSize` of them.
  func infer<Result>(
    _ pictures: ArraySlice<PixelTensor>, _ body: (Span<Float>) -> Result
  ) throws(OpenVINO.Failure) -> [Result] {
    precondition(pictures.count == batchSize, "the request takes \(batchSize) pictures")
    let byteCount = inputBytes.count / batchSize
    for (place, pixels) in pictures.enumerated() {
      precondition(pixels.bytes.count == byteCount, "the tensor is not of the model's size")
      UnsafeMutableRawBufferPointer(rebasing: inputBytes[(place * byteCount)...]).copyBytes(from: pixels.bytes)
    }
    try OpenVINO.check(ov_infer_request_infer(request))
    let valueCount = outputValues.count / batchSize
    return (0..<batchSize).map { body(outputValues.span.extracting($0 * valueCount..<($0 + 1) * valueCount)) }
  }

  /// Stays where it is for the request's life, the shapes being fixed.
  private static func memory(of tensor: OpaquePointer) throws(OpenVINO.Failure) -> UnsafeMutableRawBufferPointer {
    var count = 0
    try OpenVINO.check(ov_tensor_get_byte_size(tensor, &count))
    return UnsafeMutableRawBufferPointer(start: try OpenVINO.make { ov_tensor_data(tensor, $0) }, count: count)
  }
}
