import Jobs

/// What came of one image.
enum Reply: Sendable {
  /// The worker's message: the answer and the JSON it came as, which goes to the client unchanged.
  case answered(AnswerEnvelope, json: [UInt8])
  /// Not yet: the client is told where the result will be.
  case pending(JobID)
}

extension Reply {
  /// Whether asking again would bring the same: a failure that is not the image's is worth another attempt.
  var isFinal: Bool {
    guard case .answered(let answer, _) = self else { return false }
    return if case .failure(let error) = answer.outcome { error.isOfImage } else { true }
  }
}
