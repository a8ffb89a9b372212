import EventLoop
import HTTP

/// Takes a body that is one image.
@LoopActor
final class RawSink: ImageSink {
  let isForm = false
  let byteCountMax: Int
  private let submission: Submission
  private let name: String
  private let contentLength: Int?

  init(_ submission: Submission, name: String, contentLength: Int?, byteCountMax: Int) {
    self.byteCountMax = byteCountMax
    self.submission = submission
    self.name = name
    self.contentLength = contentLength
  }

  func receive(_ bytes: Span<UInt8>) throws(RequestBodyError) {
    do throws(SubmissionError) {
      if submission.uploads.isEmpty {
        try submission.beginFile(name: name, predictedByteCount: contentLength)
      }
      try submission.receiveFile(bytes)
    } catch {
      throw submission.refuse(error)
    }
  }

  func finish() throws(SubmissionError) {
    if submission.uploads.isEmpty { throw .upload(.empty, fileName: name) }
    try submission.endFile()
  }
}
