import EventLoop
import HTTP
import Jobs

/// One `POST …/infer`: what the path asks for, how its body is read, and how its answer is written.
@LoopActor
final class InferenceCall {
  let model: ModelName
  private let version: String?
  private let models: ModelDirectory
  private let limits: WebLimits
  private var sink: InferenceSink?

  init(_ model: ModelName, version: String?, models: ModelDirectory, limits: WebLimits) {
    self.model = model
    self.version = version
    self.models = models
    self.limits = limits
  }

  // MARK: The request

  func sink(for request: HTTPRequest, into submission: Submission) throws(SubmissionError) -> any ImageSink {
    let headers = request.head.headers
    if let coding = headers["content-encoding"], coding.lowercased() != "identity" { throw .inference(.coded(coding)) }
    // Triton's client names no type.
    if let type = headers["content-type"] {
      let essence = MediaType(parsing: type)?.essence
      guard essence == "application/json" || essence == "application/octet-stream" else {
        throw .unsupportedMediaType(type)
      }
    }
    do throws(InferenceError) {
      let sink = try InferenceSink(
        submission, headerByteCount: try headerByteCount(headers), contentLength: request.body.contentLength,
        limits: limits)
      self.sink = sink
      return sink
    } catch {
      throw .inference(error)
    }
  }

  private func headerByteCount(_ headers: HTTPHeaders) throws(InferenceError) -> Int? {
    let fields = headers.all("inference-header-content-length")
    guard let field = fields.first else { return nil }
    guard fields.count == 1, field.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let byteCount = Int(field) else {
      throw .malformedHeaderLength
    }
    return byteCount
  }

  // MARK: The answer

  func response(to replies: [Reply]) -> HTTPResponse {
    var answers: [(id: JobID, classification: Classification)] = []
    for (index, reply) in replies.enumerated() {
      guard case .answered(let envelope, let json) = reply else { return lateness(of: replies) }
      if case .failure(let error) = envelope.outcome { return failure(error, envelope.id, of: index, in: replies) }
      do throws(JobMessageError) {
        let classification = try ClassificationAnswer(decoding: json).outcome.get(orThrow: .malformed("no answer"))
        answers.append((envelope.id, classification))
      } catch {
        return Problem(
          .badGateway, code: "unreadable-answer", detail: "A worker's answer cannot be read: \(error)",
          members: ["id": .string(envelope.id.description)]
        ).response
      }
    }
    let answeringVersion = answers.first?.classification.modelVersion
    models.learn(model, version: answeringVersion)
    if let version, let other = answers.first(where: { $0.classification.modelVersion != version }) {
      let found = other.classification.modelVersion.map { "version \($0)" } ?? "one without a version"
      return InferenceHandler.unknownVersion(version, of: model.description, "; \(found) has answered.")
    }
    guard let outputs = sink?.request?.outputs else { preconditionFailure("an answer to no request") }
    return InferenceAnswer(
      model: model, version: answeringVersion, id: sink?.request?.id, answers: answers, outputs: outputs
    ).response
  }

  /// The protocol knows no `202 Accepted`. The images are stored and their jobs go on, so this says where the answers will
  /// be; asking again would do the work twice.
  private func lateness(of replies: [Reply]) -> HTTPResponse {
    let places = replies.map { reply in
      switch reply {
      case .answered(let answer, _): ResultsHandler.location(of: answer.id)
      case .pending(let id): ResultsHandler.location(of: id)
      }
    }
    var response = Problem(
      .gatewayTimeout, code: "answer-late",
      detail: "The workers have not answered in time; the answer will be at \(places.joined(separator: ", ")).",
      retryAfter: Problem.retrySeconds
    ).response
    if places.count == 1 { response.headers.add("Location", places[0]) }
    return response
  }

  /// A tensor has no place for one image's failure among others' labels, so the request fails with the first.
  private func failure(
    _ error: ClassificationError, _ id: JobID, of index: Int, in replies: [Reply]
  ) -> HTTPResponse {
    var problem = Problem(error, id: id)
    if error.code == .unknownModel { problem.status = .notFound }
    if replies.count > 1 { problem.detail = "Image \(index + 1) of \(replies.count): \(error.message)" }
    return problem.response
  }
}

extension Result where Success == Classification, Failure == ClassificationError {
  fileprivate func get(orThrow error: JobMessageError) throws(JobMessageError) -> Classification {
    guard case .success(let value) = self else { throw error }
    return value
  }
}
