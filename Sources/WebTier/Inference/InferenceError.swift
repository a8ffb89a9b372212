/// What is wrong with an inference request.
enum InferenceError: Error, Equatable {
  /// The body is in a coding (`Content-Encoding`).
  case coded(String)
  /// `Inference-Header-Content-Length` is no length of this body's first part.
  case malformedHeaderLength
  /// The JSON, without the images in it, is longer than anybody needs.
  case tooMuchJSON(byteCountMax: Int)
  /// The JSON is none, or is not shaped as the protocol says.
  case malformed(String)
  /// The tensor is none of images: name, datatype, shape, or how its data come.
  case unsuitableInput(String)
  /// The tensor's bytes are not what its shape and sizes say.
  case sizeMismatch(String)
  /// A string that is to be an image is not base64.
  case malformedBase64
  case unknownOutput(String)
  case unsupportedParameter(String)
}
