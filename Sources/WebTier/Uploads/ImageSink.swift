import EventLoop
import HTTP

/// Takes a request's body apart into the files of a ``Submission``.
@LoopActor
protocol ImageSink: RequestBodySink {
  var isForm: Bool { get }
  /// Of the body.
  var byteCountMax: Int { get }
  /// The body has ended; so must what it holds.
  func finish() throws(SubmissionError)
}
