import Jobs

/// What came of one image.
enum Reply: Sendable {
  /// The worker's message: the answer and the JSON it came as, which goes to the client unchanged.
  case answered(AnswerEnvelope, json: [UInt8])
  /// Not yet: the client is told where the result will be.
  case pending(JobID)
}
