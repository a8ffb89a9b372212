import Jobs

/// The images of a request that may be a repetition: their ids, and those of them that are in the bucket already.
struct RepeatableImages: Sendable {
  let key: IdempotencyKey
  /// The day of the request's first attempt.
  let day: Int
  /// By their places in the request.
  let stored: [Int: ObjectKey]

  /// Where the request's image of that number, from 0 on, is to be stored, or is. One that is keeps its first name.
  func place(_ number: Int, name: String) throws(SubmissionError) -> (key: ObjectKey, claim: ImageUpload.Claim) {
    guard number < JobID.siblingCountMax else { throw .tooManyFiles(countMax: JobID.siblingCountMax) }
    if let key = stored[number] { return (key, .stored) }
    return (ObjectKey(id: key.id(of: number, on: day), fileName: name), .shared)
  }
}
