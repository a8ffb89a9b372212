import EventLoop
import HTTP
import Jobs

/// Feeds a multipart/form-data body through the parser; every part with a file name is an image, the field `model`
/// names the model, other fields are ignored.
@LoopActor
final class FormSink: ImageSink {
  let isForm = true
  let byteCountMax: Int
  private enum Part {
    case file, model, ignored
  }

  private let submission: Submission
  private let contentLength: Int?
  private let closingDelimiterByteCount: Int
  private var parser: MultipartParser
  private var part = Part.ignored
  /// Of the field that names the model; one byte more than a name has tells that it is none.
  private var modelBytes: [UInt8] = []
  /// Why the parse was aborted.
  private var refusal: SubmissionError?

  init(_ submission: Submission, boundary: MultipartBoundary, contentLength: Int?, byteCountMax: Int) {
    self.byteCountMax = byteCountMax
    self.submission = submission
    self.contentLength = contentLength
    parser = MultipartParser(boundary: boundary)
    closingDelimiterByteCount = parser.closingDelimiterByteCount
  }

  func receive(_ bytes: Span<UInt8>) throws(RequestBodyError) {
    var visitor = self
    do throws(MultipartFailure) {
      try parser.consume(bytes, visitor: &visitor)
    } catch {
      if let refusal { throw submission.refuse(refusal) }
      guard case .malformed(let error) = error else { preconditionFailure("a form was refused for no reason") }
      throw submission.refuse(.malformedForm(error))
    }
  }

  func finish() throws(SubmissionError) {
    do throws(MultipartError) { try parser.finish() } catch { throw .malformedForm(error) }
    if submission.uploads.isEmpty { throw .noFile }
  }
}

extension FormSink: @LoopActor MultipartVisitor {
  func partBegan(_ head: MultipartPartHead) -> Bool {
    if let fileName = head.fileName {
      part = .file
      return accepts { () throws(SubmissionError) in
        try submission.beginFile(name: fileName, predictedByteCount: predictedByteCount(of: head))
      }
    }
    part = head.name == "model" ? .model : .ignored
    return true
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

  func partReceived(_ bytes: Span<UInt8>) -> Bool {
    switch part {
    case .file: return accepts { () throws(SubmissionError) in try submission.receiveFile(bytes) }
    case .model:
      let room = ModelName.byteCountMax + 1 - modelBytes.count
      bytes.extracting(first: min(room, bytes.count)).withUnsafeBufferPointer { modelBytes.append(contentsOf: $0) }
    case .ignored: break
    }
    return true
  }

  func partEnded() -> Bool {
    switch part {
    case .file: return accepts { () throws(SubmissionError) in try submission.endFile() }
    case .model:
      defer { modelBytes = [] }
      return accepts { () throws(SubmissionError) in try submission.ask(forModel: modelBytes) }
    case .ignored: return true
    }
  }

  private func accepts(_ step: () throws(SubmissionError) -> Void) -> Bool {
    do throws(SubmissionError) {
      try step()
      return true
    } catch {
      refusal = error
      return false
    }
  }
}
