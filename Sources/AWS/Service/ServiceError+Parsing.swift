import FoundationEssentials

extension ServiceError {
  /// S3: `<Error><Code>…</Code><Message>…</Message><RequestId>…</RequestId></Error>`.
  /// "Error responses", S3 API reference.
  static func s3(_ response: TransportResponse, operation: String) -> ServiceError {
    let document = try? XMLTree(parsing: response.body)
    // ListObjects' and DeleteObjects' failures have the same root; S3-alikes sometimes wrap it.
    let root = document.flatMap { $0.name == "Error" ? $0 : $0["Error"] }
    return ServiceError(
      code: root?["Code"]?.text.nonEmpty ?? standIn(response.status),
      message: root?["Message"]?.text ?? "",
      requestID: response.headers["x-amz-request-id"] ?? root?["RequestId"]?.text ?? "",
      status: response.status, operation: operation)
  }

  /// JSON 1.0: `{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "…"}`. "AWS JSON 1.0 protocol", Smithy.
  static func json(_ response: TransportResponse, operation: String) -> ServiceError {
    let body = try? JSONDecoder().decode(JSONBody.self, from: Data(response.body))
    // Before SQS spoke JSON its codes were others: "AWS.SimpleQueueService.NonExistentQueue;Sender".
    let queryCode = response.headers["x-amzn-query-error"]?.split(separator: ";").first.map(String.init)
    let type = body?.type ?? response.headers["x-amzn-errortype"]
    let code = type.flatMap { $0.split(separator: "#").last?.split(separator: ":").first }.map(String.init)
    // A gateway that refuses before it knows the protocol answers in XML, with more or less around `<Error><Code>…`.
    let gateway = body == nil ? try? XMLTree(parsing: response.body).descendant("Error") : nil
    return ServiceError(
      code: canonical(code ?? queryCode ?? gateway?["Code"]?.text) ?? standIn(response.status),
      message: body?.message ?? gateway?["Message"]?.text ?? "",
      requestID: response.headers["x-amzn-requestid"] ?? "",
      status: response.status, operation: operation)
  }

  /// Query: `<ErrorResponse><Error><Type>…</Type><Code>…</Code><Message>…</Message></Error><RequestId>…</RequestId>…`.
  /// "AWS query protocol", Smithy.
  static func query(_ response: TransportResponse, operation: String) -> ServiceError {
    let document = try? XMLTree(parsing: response.body)
    let error = document?.descendant("Error")
    return ServiceError(
      code: error?["Code"]?.text.nonEmpty ?? standIn(response.status),
      message: error?["Message"]?.text ?? "",
      requestID: document?.descendant("RequestId")?.text ?? response.headers["x-amzn-requestid"] ?? "",
      status: response.status, operation: operation)
  }

  private struct JSONBody: Decodable {
    var type: String?
    var message: String?

    private enum CodingKeys: String, CodingKey {
      case type = "__type"
      case message
      case capitalMessage = "Message"
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      type = try? values.decode(String.self, forKey: .type)
      message =
        (try? values.decode(String.self, forKey: .message))
        ?? (try? values.decode(String.self, forKey: .capitalMessage))
    }
  }

  /// SQS-alikes answer with either vocabulary.
  private static func canonical(_ code: String?) -> String? {
    switch code {
    case "AWS.SimpleQueueService.NonExistentQueue", "NonExistentQueue": "QueueDoesNotExist"
    case "QueueAlreadyExists": "QueueNameExists"
    case "": nil
    default: code
    }
  }

  private static func standIn(_ status: Int) -> String { "HTTP\(status)" }
}

extension String {
  var nonEmpty: String? { isEmpty ? nil : self }
}
