import EventLoop
import HTTP

/// Feeds a multipart/form-data body through the parser; every part with a file name is an image, fields are ignored.
@LoopActor
final class FormSink: ImageSink {
  let isForm = true
  let byteCountMax: Int
  private let submission: Submission
  private let contentLength: Int?
  private let closingDelimiterByteCount: Int
  private var parser: MultipartParser
  private var isInFile = false

  init(_ submission: Submission, boundary: MultipartBoundary, contentLength: Int?, byteCountMax: Int) {
    self.byteCountMax = byteCountMax
    self.submission = submission
    self.contentLength = contentLength
    parser = MultipartParser(boundary: boundary)
    closingDelimiterByteCount = parser.closingDelimiterByteCount
  }

  func receive(_ bytes: Span<UInt8>) throws(RequestBodyError) {
    var visitor = self
    do throws(MultipartFailure<SubmissionError>) {
      try parser.consume(bytes, visitor: &visitor)
    } catch {
      switch error {
      case .malformed(let error): throw submission.refuse(.malformedForm(error))
      case .refused(let error): throw submission.refuse(error)
      }
    }
  }

  func finish() throws(SubmissionError) {
    do throws(MultipartError) { try parser.finish() } catch { throw .malformedForm(error) }
    if submission.uploads.isEmpty { throw .noFile }
  }
}

extension FormSink: @LoopActor MultipartVisitor {
  func partBegan(_ head: MultipartPartHead) throws(SubmissionError) {
    isInFile = head.isFile
    guard isInFile else { return }
    try submission.beginFile(name: head.fileName ?? "", predictedByteCount: predictedByteCount(of: head))
  }

  /// The length by the part's own Content-Length, where that can be true; else what is left of the request, which is
  /// exact when this file is the form's last part.
  private func predictedByteCount(of head: MultipartPartHead) -> Int? {
    guard let contentLength else { return head.contentLength }
    let rest = max(0, contentLength - head.bodyOffset - closingDelimiterByteCount)
    // Two more when the form's last line lacks its end.
    guard let announced = head.contentLength, announced <= rest + 2 else { return rest }
    return announced
  }

  func partReceived(_ bytes: Span<UInt8>) throws(SubmissionError) {
    if isInFile { try submission.receiveFile(bytes) }
  }

  func partEnded() throws(SubmissionError) {
    if isInFile { try submission.endFile() }
    isInFile = false
  }
}
