import AWS
import HTTP
import Jobs

/// The one place where what went wrong inside becomes what the client is told.
extension Problem {
  init(_ error: SubmissionError) {
    switch error {
    case .body(let error): self.init(error)
    case .malformedForm(let error):
      self.init(
        error.isLimit ? .contentTooLarge : .badRequest, code: error.code, detail: error.description)
    case .unsupportedMediaType(let type):
      self.init(
        .unsupportedMediaType, code: "unsupported-media-type",
        detail: "Send multipart/form-data or an image, not \(type ?? "a body without a Content-Type").")
    case .noFile:
      self.init(.badRequest, code: "no-file", detail: "The form has no file part.")
    case .tooManyFiles(let countMax):
      self.init(.contentTooLarge, code: "too-many-files", detail: "A request may have at most \(countMax) files.")
    case .upload(let error, let fileName):
      self.init(error)
      if !fileName.isEmpty { members["file"] = .string(fileName) }
    case .queue(let error):
      self.init(
        .serviceUnavailable, code: "queue-unavailable", detail: "The job could not be queued: \(error).",
        retryAfter: Problem.retrySeconds)
    case .job(let error):
      self.init(.internalServerError, code: "unqueueable", detail: "The job could not be written: \(error).")
    case .tooManyPending:
      self.init(
        .serviceUnavailable, code: "too-many-pending", detail: "Too many clients wait for an answer already.",
        retryAfter: Problem.retrySeconds)
    case .malformedQuery:
      self.init(.badRequest, code: "malformed-query", detail: "The query is not valid percent-encoded UTF-8.")
    case .malformedModel:
      self.init(.badRequest, code: "malformed-model", detail: "A model's name is \(ModelName.rule).")
    case .contradictoryModels:
      self.init(.badRequest, code: "contradictory-models", detail: "The request asks for two different models.")
    case .modelAfterFile:
      self.init(
        .badRequest, code: "model-after-file",
        detail: "The form's field \"model\" comes after a file; it must come before the first one.")
    case .modelOfIdempotentForm:
      self.init(
        .badRequest, code: "model-not-in-query",
        detail: "A request with an Idempotency-Key names its model in the query: ?model=NAME.")
    case .malformedIdempotencyKey(let byteCountMax):
      self.init(
        .badRequest, code: "malformed-idempotency-key",
        detail: "An Idempotency-Key is one string of 1 to \(byteCountMax) visible characters.")
    case .results(let error):
      self.init(
        .badGateway, code: "storage-failed", detail: "The result could not be read: \(error).",
        retryAfter: Problem.retrySeconds)
    case .inference(let error): self.init(error)
    case .outOfMemory:
      self.init(
        .serviceUnavailable, code: "out-of-memory", detail: "The uploads under way take all the memory.",
        retryAfter: Problem.retrySeconds)
    case .cancelled:
      self.init(.serviceUnavailable, code: "cancelled", detail: "The request was given up.", retryAfter: 1)
    }
  }

  /// What a worker found wrong with an image.
  init(_ error: ClassificationError, id: JobID) {
    if error.isOfRequest {
      self.init(.unprocessableContent, code: error.code.rawValue, detail: error.message)
    } else {
      self.init(.badGateway, code: error.code.rawValue, detail: error.message, retryAfter: Problem.retrySeconds)
    }
    members["id"] = .string(id.description)
  }

  /// After a passing overload; long enough for a burst to drain, short enough to be worth waiting for.
  static let retrySeconds = 2

  private init(_ error: UploadError) {
    switch error {
    case .empty: self.init(.badRequest, code: "empty-file", detail: "The file has no bytes.")
    case .notAnImage:
      self.init(
        .unsupportedMediaType, code: "not-an-image",
        detail: "The file does not begin like a JPEG, PNG, GIF, WebP, TIFF, AVIF or HEIF image.")
    case .tooLarge(let byteCountMax):
      self.init(
        .contentTooLarge, code: "image-too-large", detail: "An image may have at most \(byteCountMax) bytes.")
    case .lengthMismatch:
      self.init(
        .badRequest, code: "length-mismatch", detail: "The part is longer than its Content-Length says.")
    case .busy:
      self.init(
        .serviceUnavailable, code: "too-many-uploads", detail: "Too many uploads are under way.",
        retryAfter: Problem.retrySeconds)
    case .memorySpent:
      self.init(
        .serviceUnavailable, code: "upload-memory-spent",
        detail: "There is no memory now for an image of unknown length. With a Content-Length there may be a way.",
        retryAfter: Problem.retrySeconds)
    case .replayImpossible:
      self.init(
        .serviceUnavailable, code: "replay-impossible",
        detail: "The upload had to start again and its first bytes are gone. Send it again.",
        retryAfter: Problem.retrySeconds)
    case .storage(.transport(.overloaded)): self.init(UploadError.busy)
    case .storage(let error):
      self.init(
        .badGateway, code: "storage-failed", detail: "The image could not be stored: \(error).",
        retryAfter: Problem.retrySeconds)
    case .differentImage:
      self.init(
        .unprocessableContent, code: "idempotency-key-reused",
        detail: "Another image was sent under the same Idempotency-Key.")
    case .alreadyStored, .conflict:
      self.init(
        .conflict, code: "idempotency-conflict",
        detail: "A request with the same Idempotency-Key is being processed.", retryAfter: Problem.retrySeconds)
    case .cancelled: self.init(SubmissionError.cancelled)
    }
  }
}
