import COpenVINO

/// One inference at a time: an OpenVINO request with its input and output in place, used again and again.
///
/// Sendable on the pool's word: a request is with one thread at a time.
final class InferRequest: @unchecked Sendable {
  private let request: OpaquePointer
  private let input: OpaquePointer
  private let output: OpaquePointer
  private let inputBytes: UnsafeMutableRawBufferPointer
  private let outputValues: UnsafeBufferPointer<Float>

  init(_ compiled: OpaquePointer) throws(OpenVINO.Failure) {
    var made: [OpaquePointer] = []
    do {
      let request = try OpenVINO.make { ov_compiled_model_create_infer_request(compiled, $0) }
      made.append(request)
      input = try OpenVINO.make { ov_infer_request_get_input_tensor(request, $0) }
      made.append(input)
      output = try OpenVINO.make { ov_infer_request_get_output_tensor(request, $0) }
      made.append(output)
      inputBytes = UnsafeMutableRawBufferPointer(
        start: try OpenVINO.make { ov_tensor_data(input, $0) }, count: try InferRequest.byteCount(input))
      let values = try OpenVINO.make { ov_tensor_data(output, $0) }
      let count = try InferRequest.byteCount(output) / MemoryLayout<Float>.stride
      outputValues = UnsafeBufferPointer(start: values.assumingMemoryBound(to: Float.self), count: count)
      self.request = request
    } catch {
      for (index, object) in made.enumerated() {
        if index == 0 { ov_infer_request_free(object) } else { ov_tensor_free(object) }
      }
      throw error
    }
  }

  deinit {
    ov_tensor_free(output)
    ov_tensor_free(input)
    ov_infer_request_free(request)
  }

  /// Runs the model on the calling thread; `body` sees the outputs, which are valid during its call.
  func infer<Result>(_ pixels: PixelTensor, _ body: (Span<Float>) -> Result) throws(OpenVINO.Failure) -> Result {
    precondition(pixels.bytes.count == inputBytes.count, "the tensor is not of the model's size")
    inputBytes.copyBytes(from: pixels.bytes)
    try OpenVINO.check(ov_infer_request_infer(request))
    return body(outputValues.span)
  }

  private static func byteCount(_ tensor: OpaquePointer) throws(OpenVINO.Failure) -> Int {
    var count = 0
    try OpenVINO.check(ov_tensor_get_byte_size(tensor, &count))
    return count
  }
}
