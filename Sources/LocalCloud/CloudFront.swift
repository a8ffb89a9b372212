import AWS
import EventLoop
import HTTP
import Logging

/// Tells S3 requests from SQS requests, verifies their signatures, and passes them on.
@LoopActor
final class CloudFront {
  private static let targetPrefix = "AmazonSQS."

  private let objects: S3Service
  private let queues: SQSService
  private let authenticator: Authenticator
  private let limits: LocalCloudLimits
  private let logger: Logger
  let calls = CallCounts()

  init(
    objects: S3Service, queues: SQSService, authenticator: Authenticator, limits: LocalCloudLimits, logger: Logger
  ) {
    self.objects = objects
    self.queues = queues
    self.authenticator = authenticator
    self.limits = limits
    self.logger = logger
  }

  func handle(_ request: HTTPRequest, _ response: consuming ResponseWriter) async {
    let target = request.head.headers["x-amz-target"]
    if request.head.method == .post, let target, target.hasPrefix(CloudFront.targetPrefix) {
      let operation = String(target.dropFirst(CloudFront.targetPrefix.count))
      response.send(await answerQueues(request, operation))
    } else {
      await answerObjects(request, response)
    }
  }

  private func answerObjects(_ request: HTTPRequest, _ response: consuming ResponseWriter) async {
    let requestID = CloudFront.requestID()
    do {
      guard let query = HTTP.QueryParameters(parsing: request.head.query, plusIsSpace: true) else {
        throw S3Error(.invalidURI)
      }
      let (payloadHash, chunkSigner) = try authenticator.verifyS3(request.head, query)
      let verifiedRequest = S3Request(
        head: request.head, body: request.body,
        target: try S3Target(path: request.head.path, keyByteCountMax: limits.keyByteCountMax), query: query,
        requestID: requestID, payloadHash: payloadHash, chunkSigner: chunkSigner)
      let operation = try S3Operation(verifiedRequest.head, verifiedRequest.target, query)
      calls.add(operation.name)
      await objects.respond(to: verifiedRequest, operation, response)
    } catch {
      let failure: S3Error =
        switch error {
        case let error as S3Error: error
        default: S3Error(.internalError)
        }
      logger.debug("refused", metadata: ["code": "\(failure.code.rawValue)", "request-id": "\(requestID)"])
      response.send(failure.response(resource: request.head.path, requestID: requestID))
    }
  }

  private func answerQueues(_ request: HTTPRequest, _ operation: String) async -> HTTPResponse {
    let requestID = CloudFront.uuid()
    let body: [UInt8]
    do {
      body = try await request.body.collect(upTo: limits.queueRequestByteCountMax)
    } catch {
      return SQSService.errorResponse(
        code: "RequestEntityTooLarge", message: Problem(error).detail ?? "The body did not arrive whole.",
        status: error == .tooLarge ? 413 : 400, requestID: requestID)
    }
    do {
      _ = try authenticator.verifySQS(request.head, body: body)
      calls.add(operation)
      let context = SQSContext(baseURL: "http://\(request.head.authority)", requestID: requestID)
      return await queues.handle(operation: operation, body: body, context: context)
    } catch {
      let (code, message) = CloudFront.queueError(error)
      return SQSService.errorResponse(code: code, message: message, status: 403, requestID: requestID)
    }
  }

  /// What the query services answer to a signature they do not accept ("Common errors", SQS API Reference).
  private static func queueError(_ error: SigV4.VerificationError) -> (code: String, message: String) {
    switch error {
    case .missingAuthentication: ("MissingAuthenticationToken", "Request is missing Authentication Token")
    case .multipleAuthentication, .unsupportedAlgorithm, .malformedHeader, .malformedQuery, .missingDate:
      ("IncompleteSignature", "\(error)")
    case .unknownAccessKey, .invalidSessionToken:
      ("InvalidClientTokenId", "The security token included in the request is invalid.")
    case .clockSkewed(let requestTime, let serverTime):
      (
        "SignatureDoesNotMatch",
        requestTime < serverTime
          ? "Signature expired: \(requestTime.text) is now earlier than \(serverTime.text)"
          : "Signature not yet current: \(requestTime.text) is still later than \(serverTime.text)"
      )
    case .expired, .notYetValid: ("SignatureDoesNotMatch", "Signature expired")
    default:
      (
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
          + "Key and signing method."
      )
    }
  }

  /// Sixteen digits, as S3's are.
  private static func requestID() -> String {
    Hexadecimal.encode(Array(FileID.random().bytes.prefix(8))).uppercased()
  }

  /// Random, in the form of a UUID, as SQS's are.
  private static func uuid() -> String {
    let text = FileID.random().hexadecimal
    var groups: [Substring] = []
    var rest = text[...]
    for count in [8, 4, 4, 4, 12] {
      groups.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return groups.joined(separator: "-")
  }
}
