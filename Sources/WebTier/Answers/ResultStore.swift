import AWS
import EventLoop
import Jobs

/// The buckets as those see them who look for answers.
@LoopActor
final class ResultStore {
  /// What there is under an identifier.
  struct Found {
    let key: ObjectKey
    /// `nil` while only the image is there.
    let reply: Reply?
  }

  private let s3: S3Client
  private let inputBucket: String
  private let outputBucket: String
  private let byteCountMax: Int

  init(s3: S3Client, configuration: WebConfiguration) {
    self.s3 = s3
    inputBucket = configuration.inputBucket
    outputBucket = configuration.outputBucket
    byteCountMax = configuration.limits.resultByteCountMax
  }

  /// The result of a job of which no more is known than its identifier, with which its keys begin.
  /// - Returns: `nil` when there is not even an image.
  func find(_ id: JobID) async throws(SubmissionError) -> Found? {
    do throws(AWSError) {
      // Results first: an image may have been cleared away before its result.
      if let text = try await firstKey(of: id, in: outputBucket), let key = ObjectKey(resultKey: text) {
        return Found(key: key, reply: try await get(key.resultKey))
      }
      guard let text = try await firstKey(of: id, in: inputBucket), let key = ObjectKey(text) else { return nil }
      return Found(key: key, reply: nil)
    } catch {
      throw SubmissionError(reading: error)
    }
  }

  /// The result of an image whose key is known.
  /// - Returns: `nil` when there is none yet.
  func result(of key: ObjectKey) async throws(SubmissionError) -> Reply? {
    do throws(AWSError) { return try await get(key.resultKey) } catch {
      if error.isNotFound { return nil }
      throw SubmissionError(reading: error)
    }
  }

  private func firstKey(of id: JobID, in bucket: String) async throws(AWSError) -> String? {
    try await s3.listObjects(bucket: bucket, prefix: ObjectKey.prefix(of: id), keyCountMax: 1).objects.first?.key
  }

  private func get(_ key: String) async throws(AWSError) -> Reply {
    let object = try await s3.getObject(bucket: outputBucket, key: key, upTo: byteCountMax)
    do throws(JobMessageError) {
      return .answered(try AnswerEnvelope(decoding: object.bytes), json: object.bytes)
    } catch {
      throw .malformedResponse(operation: "GetObject", "the stored result is not one: \(error)")
    }
  }
}

extension SubmissionError {
  init(reading error: AWSError) { self = error.isCancellation ? .cancelled : .results(error) }
}
