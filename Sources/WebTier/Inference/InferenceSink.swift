import EventLoop
import HTTP

/// Takes the body of an inference request: JSON with images in it, or JSON and the bytes of images after it (the binary
/// tensor data extension). Either way the images go to the bucket while they come.
@LoopActor
final class InferenceSink: ImageSink {
  let isForm = true
  let byteCountMax: Int
  private let submission: Submission
  private let contentLength: Int?
  private let imageCountMax: Int
  /// Of the JSON, where bytes follow it.
  private let headerByteCount: Int?
  private var header: [UInt8] = []
  private var tensor: BinaryTensorParser?
  private var scanner: InferenceScanner
  /// Once it has been read.
  private(set) var request: InferenceRequest?

  /// - Parameter headerByteCount: Of the field `Inference-Header-Content-Length`.
  init(_ submission: Submission, headerByteCount: Int?, contentLength: Int?, limits: WebLimits) throws(InferenceError) {
    let jsonByteCountMax = limits.inferenceJSONByteCountMax
    self.submission = submission
    self.contentLength = contentLength
    byteCountMax = limits.bodyByteCountMax
    imageCountMax = limits.filesPerFormMax
    scanner = InferenceScanner(byteCountMax: jsonByteCountMax)
    guard let headerByteCount, headerByteCount != contentLength else {
      // Nothing follows the JSON.
      self.headerByteCount = nil
      return
    }
    guard headerByteCount > 0, headerByteCount <= contentLength ?? .max else { throw .malformedHeaderLength }
    guard headerByteCount <= jsonByteCountMax else { throw .tooMuchJSON(byteCountMax: jsonByteCountMax) }
    self.headerByteCount = headerByteCount
  }

  func receive(_ bytes: Span<UInt8>) throws(RequestBodyError) {
    do throws(SubmissionError) {
      if let headerByteCount {
        try receive(bytes, after: headerByteCount)
      } else {
        try scanner.consume(bytes, submission)
      }
    } catch {
      throw submission.refuse(error)
    }
  }

  private func receive(_ bytes: Span<UInt8>, after headerByteCount: Int) throws(SubmissionError) {
    var rest = bytes
    if tensor == nil {
      let count = min(headerByteCount - header.count, bytes.count)
      bytes.extracting(first: count).withUnsafeBufferPointer { header.append(contentsOf: $0) }
      guard header.count == headerByteCount else { return }
      try beginTensor(after: headerByteCount)
      rest = bytes.extracting(count..<bytes.count)
    }
    try tensor?.consume(rest, submission)
  }

  private func beginTensor(after headerByteCount: Int) throws(SubmissionError) {
    let request = try read(header, hasData: false)
    header = []
    // Its reader has seen that there is one.
    let byteCount = request.binaryByteCount ?? 0
    if let contentLength, contentLength - headerByteCount != byteCount {
      throw .inference(
        .sizeMismatch("binary_data_size is \(byteCount), and \(contentLength - headerByteCount) bytes follow the JSON"))
    }
    tensor = BinaryTensorParser(elementCount: request.imageCount, byteCount: byteCount)
    self.request = request
  }

  func finish() throws(SubmissionError) {
    if headerByteCount == nil {
      request = try read(scanner.skeleton, hasData: true)
    } else {
      guard let tensor else { throw .inference(.malformedHeaderLength) }
      try tensor.finish()
    }
    guard submission.uploads.count == request?.imageCount else {
      throw .inference(.malformed("the request names its inputs or their data twice"))
    }
  }

  private func read(_ json: [UInt8], hasData: Bool) throws(SubmissionError) -> InferenceRequest {
    let request: InferenceRequest
    do throws(InferenceError) { request = try InferenceRequest(parsing: json, hasData: hasData) } catch {
      throw .inference(error)
    }
    guard request.imageCount <= imageCountMax else { throw .tooManyFiles(countMax: imageCountMax) }
    return request
  }
}
