/// An error as SQS's clients know it: the shape's name in the body, and the code of the older query protocol in a header,
/// by which the SDKs that are compatible with it tell errors apart.
struct SQSError: Error, Sendable, Equatable {
  var shape: String
  var queryCode: String
  var message: String
  var status = 400

  init(_ shape: String, query queryCode: String? = nil, status: Int = 400, _ message: String) {
    self.shape = shape
    self.queryCode = queryCode ?? shape
    self.status = status
    self.message = message
  }

  /// Whose fault it is, as the query protocol has it.
  var fault: String { status < 500 ? "Sender" : "Receiver" }
}

extension SQSError {
  static let queueDoesNotExist = SQSError(
    "QueueDoesNotExist", query: "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")

  static func queueNameExists(_ attribute: String) -> SQSError {
    SQSError(
      "QueueNameExists", query: "QueueAlreadyExists",
      "A queue already exists with the same name and a different value for attribute \(attribute)")
  }

  static func missingParameter(_ name: String) -> SQSError {
    SQSError("MissingParameter", "The request must contain the parameter \(name).")
  }

  static func invalidParameter(_ message: String) -> SQSError { SQSError("InvalidParameterValue", message) }

  static func invalidParameter(_ value: some Any, for name: String, _ reason: String) -> SQSError {
    invalidParameter("Value \(value) for parameter \(name) is invalid. Reason: \(reason)")
  }

  static func invalidAttributeName(_ name: String) -> SQSError {
    SQSError("InvalidAttributeName", "Unknown Attribute \(name).")
  }

  static func invalidAttributeValue(_ name: String, _ reason: String) -> SQSError {
    SQSError("InvalidAttributeValue", "Invalid value for the parameter \(name). Reason: \(reason)")
  }

  static func unsupported(_ message: String) -> SQSError {
    SQSError("UnsupportedOperation", query: "AWS.SimpleQueueService.UnsupportedOperation", message)
  }

  static let receiptHandleIsInvalid = SQSError(
    "ReceiptHandleIsInvalid", "The input receipt handle is not a valid receipt handle.")

  static let messageNotInFlight = SQSError(
    "MessageNotInflight", query: "AWS.SimpleQueueService.MessageNotInflight",
    "The message is not in flight: its visibility timeout is over, or it was received again since.")

  static let overLimit = SQSError(
    "OverLimit", query: "OverLimit", status: 403,
    "Too many messages in flight: \(SQSLimits.inFlightCountMax) were received and not deleted.")

  static func throttled(_ message: String) -> SQSError { SQSError("RequestThrottled", message) }

  static func batch(_ shape: String, _ message: String) -> SQSError {
    SQSError(shape, query: "AWS.SimpleQueueService.\(shape)", message)
  }

  static let invalidMessageContents = SQSError(
    "InvalidMessageContents",
    "Invalid characters found. Valid unicode characters are "
      + "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")

  static func resourceNotFound(_ message: String) -> SQSError {
    SQSError("ResourceNotFoundException", query: "ResourceNotFoundException", status: 404, message)
  }

  static func malformed(_ message: String) -> SQSError { SQSError("SerializationException", message) }

  static func unknownOperation(_ name: String) -> SQSError {
    SQSError("UnknownOperationException", status: 404, "No such operation: \(name)")
  }

  static let databaseFailed = SQSError(
    "InternalFailure", status: 500, "The database could not be written or read; nothing was changed.")
}
