import AWS

/// Why one file did not reach the input bucket.
enum UploadError: Error {
  case empty
  case notAnImage
  case tooLarge(byteCountMax: Int)
  /// The part announced a length of its own and is longer.
  case lengthMismatch
  /// As many uploads as the process takes are under way.
  case busy
  /// The memory of uploads is spent, and this one's length is not known: it cannot be sent before its end.
  case memorySpent
  /// The bytes are needed again and have been let go, since the replay budget is spent. The client may send again.
  case replayImpossible
  case storage(AWSError)
  /// Under an idempotency key there is an object already, which may be this one.
  case alreadyStored
  /// … and it is another image.
  case differentImage
  /// … and it is being stored or removed at this moment.
  case conflict
  /// The client has gone.
  case cancelled
}
