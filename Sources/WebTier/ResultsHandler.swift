import AWS
import EventLoop
import HTTP
import Jobs

/// `GET /v1/results/{id}`: answers that came after their client had been sent away. The output bucket holds them.
@LoopActor
final class ResultsHandler {
  static let path = "/v1/results/"

  private let s3: S3Client
  private let configuration: WebConfiguration

  init(s3: S3Client, configuration: WebConfiguration) {
    self.s3 = s3
    self.configuration = configuration
  }

  static func location(of id: JobID) -> String { path + id.description }

  func handle(_ identifier: String) async -> HTTPResponse {
    guard let id = JobID(identifier) else {
      return Problem(.notFound, code: "unknown-id", detail: "That is not an identifier of a result.").response
    }
    do throws(AWSError) {
      // Keys begin with the identifier, so that it is enough to find them.
      if let key = try await key(of: id, in: configuration.outputBucket) {
        let object = try await s3.getObject(
          bucket: configuration.outputBucket, key: key, upTo: configuration.limits.resultByteCountMax)
        return response(to: object.bytes)
      }
      if try await key(of: id, in: configuration.inputBucket) != nil {
        return AnswerFormat.json.response(to: [.pending(id)], isList: false)
      }
    } catch {
      return Problem(
        .badGateway, code: "storage-failed", detail: "The result could not be read: \(error).",
        retryAfter: Problem.retrySeconds
      ).response
    }
    return Problem(
      .notFound, code: "unknown-id", detail: "There is neither an image nor a result of that identifier."
    ).response
  }

  /// As its client would have got it in time, for ever the same.
  private func response(to json: [UInt8]) -> HTTPResponse {
    do throws(JobMessageError) {
      let answer = try AnswerEnvelope(decoding: json)
      var response = AnswerFormat.json.response(to: [.answered(answer, json: json)], isList: false)
      response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
      return response
    } catch {
      return Problem(.badGateway, code: "result-unreadable", detail: "The stored result is not one.").response
    }
  }

  private func key(of id: JobID, in bucket: String) async throws(AWSError) -> String? {
    try await s3.listObjects(bucket: bucket, prefix: ObjectKey.prefix(of: id), keyCountMax: 1).objects.first?.key
  }
}
