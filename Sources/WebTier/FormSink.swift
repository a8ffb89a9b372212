import EventLoop
import HTTP

/// Feeds a multipart/form-data body through the parser; every part with a file name is an image, fields are ignored.
@LoopActor
final class FormSink: RequestBodySink {
  private let submission: Submission
  private let contentLength: Int?
  private let closingDelimiterByteCount: Int
  private var parser: MultipartParser
  private var isInFile = false

  init(_ submission: Submission, boundary: MultipartBoundary, contentLength: Int?) {
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

  /// The body has ended; so must the form have.
  func finish() throws(SubmissionError) {
    do throws(MultipartError) { try parser.finish() } catch { throw .malformedForm(error) }
    if submission.uploads.isEmpty { throw .noFile }
  }
}

extension FormSink: @LoopActor MultipartVisitor {
  func partBegan(_ head: MultipartPartHead) throws(SubmissionError) {
    isInFile = head.isFile
    guard isInFile else { return }
    // Exact when this file is the form's last part.
    let rest = contentLength.map { $0 - head.bodyOffset - closingDelimiterByteCount }
    try submission.beginFile(name: head.fileName ?? "", predictedByteCount: head.contentLength ?? rest)
  }

  func partReceived(_ bytes: Span<UInt8>) throws(SubmissionError) {
    if isInFile { try submission.receiveFile(bytes) }
  }

  func partEnded() throws(SubmissionError) {
    if isInFile { try submission.endFile() }
    isInFile = false
  }
}
