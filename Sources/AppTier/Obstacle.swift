import AWS
import Jobs
import Recognition

/// Why a job does not get its ordinary way, and so what becomes of it.
enum Obstacle: Error {
  /// The image's fault, or its client's: the client is told, and the job is done.
  case image(ClassificationError)
  /// No job of ours: left alone, for SQS to put it into the dead-letter queue after a few receives.
  case job(String)
  /// S3, SQS or this machine: given back, to be tried again later, or given up after the last attempt.
  case service(String)
  /// The result is stored, but SQS did not take the answer, or did not delete the job: given back, to be answered from the
  /// result. Whoever waits is told nothing else, since he may know it already.
  case undelivered(String)
  /// Every attempt it may have has begun and none has ended, as when it takes its worker with it: not begun again.
  case unfinished(receiveCount: Int)
  /// The worker stops, and has given the job back already or will.
  case stopped

  init(_ error: AWSError) {
    self = error.isCancellation ? .stopped : .service(error.description)
  }

  /// - Parameter isLastAttempt: the client has waited long enough for a machine on which it works.
  init(_ error: RecognitionError, isLastAttempt: Bool) {
    switch error {
    case .undecoded(let error):
      let code: ClassificationError.Code =
        switch error {
        case .empty, .undecodable: .undecodableImage
        case .unsupportedFormat: .unsupportedFormat
        case .tooLarge: .imageTooLarge
        }
      self = .image(ClassificationError(code: code, message: error.message))
    case .unclassified(let error):
      self =
        isLastAttempt
        ? .image(ClassificationError(code: .internal, message: error.message)) : .service(error.description)
    case .decoderUnavailable:
      self = .service(error.message)
    }
  }
}
