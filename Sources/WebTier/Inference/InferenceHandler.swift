import AWS
import EventLoop
import HTTP
import Jobs

// The Open Inference Protocol, version 2, by HTTP (KServe's "Predict Protocol"), with Triton's binary tensor data
// extension: what other projects' clients speak to any model server. An image is an element of a BYTES tensor. It goes the
// way of every image, and each image of a tensor is a job of its own.

/// `/v2` and what is under it.
@LoopActor
final class InferenceHandler {
  private let classify: ClassifyHandler
  private let readiness: Readiness
  private let models: ModelDirectory
  private let limits: WebLimits

  init(classify: ClassifyHandler, readiness: Readiness, models: ModelDirectory, limits: WebLimits) {
    self.classify = classify
    self.readiness = readiness
    self.models = models
    self.limits = limits
  }

  func handle(_ request: HTTPRequest, at path: InferencePath, record: RequestRecord) async -> HTTPResponse {
    switch path {
    case .server: return InferenceHandler.json(InferenceHandler.serverMetadata)
    case .live: return InferenceHandler.empty
    case .ready: return await obstacle() ?? InferenceHandler.empty
    case .model(let text, let version, let aspect):
      guard let name = ModelName(text) else { return InferenceHandler.unknownModel(text) }
      if aspect == .inference {
        let call = InferenceCall(name, version: version, models: models, limits: limits)
        return await classify.handle(request, answering: .json, record: record, inference: call)
      }
      guard let versions = models.versions(of: name) else { return InferenceHandler.unknownModel(text) }
      guard models.contains(name, version: version) else {
        return InferenceHandler.unknownVersion(version ?? "", of: text, ".")
      }
      if aspect == .readiness { return await obstacle() ?? InferenceHandler.empty }
      return InferenceHandler.json(InferenceModel.metadata(of: name, versions: version.map { [$0] } ?? versions))
    }
  }

  /// What stands between an image and its answer here. Whether there are workers this process cannot see: they take the
  /// jobs from the queue when they come.
  private func obstacle() async -> HTTPResponse? {
    await readiness.failure().map {
      Problem(.serviceUnavailable, code: "not-ready", detail: $0, retryAfter: Problem.retrySeconds).response
    }
  }

  private static let empty = HTTPResponse(status: .ok)

  private static let serverMetadata: [UInt8] = {
    var writer = JSONWriter(byteCapacity: 128)
    writer.beginObject()
    writer.member("name", "saccade")
    writer.member("version", BuildInfo.version)
    writer.name("extensions")
    writer.beginArray()
    writer.string("binary_tensor_data")
    writer.endArray()
    writer.endObject()
    return writer.bytes + [0x0A]
  }()

  private static func json(_ body: [UInt8]) -> HTTPResponse {
    HTTPResponse(status: .ok, headers: ["Content-Type": "application/json"], body: body)
  }

  private static func unknownModel(_ name: String) -> HTTPResponse {
    Problem(.notFound, code: "unknown-model", detail: "No model \(name) is known here.").response
  }

  /// - Parameter rest: The end of the sentence.
  static func unknownVersion(_ version: String, of name: String, _ rest: String) -> HTTPResponse {
    Problem(
      .notFound, code: "unknown-version", detail: "No version \(version) of the model \(name) is known here\(rest)"
    ).response
  }
}
