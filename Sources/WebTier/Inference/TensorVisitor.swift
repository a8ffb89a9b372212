import EventLoop

/// Is shown the elements of a tensor of images while they come.
@LoopActor
protocol TensorVisitor: AnyObject {
  /// - Parameter byteCount: Of the element; nil where only its end will tell.
  func elementBegan(byteCount: Int?) throws(SubmissionError)
  func elementReceived(_ bytes: Span<UInt8>) throws(SubmissionError)
  func elementEnded() throws(SubmissionError)
}

/// Each element is a file.
extension Submission: TensorVisitor {
  func elementBegan(byteCount: Int?) throws(SubmissionError) {
    try beginFile(name: uploads.isEmpty ? "image" : "image-\(uploads.count)", predictedByteCount: byteCount)
  }

  func elementReceived(_ bytes: Span<UInt8>) throws(SubmissionError) { try receiveFile(bytes) }

  func elementEnded() throws(SubmissionError) { try endFile() }
}
