/// An entry of `DeleteMessageBatch` and `ChangeMessageVisibilityBatch`.
struct ReceiptEntry: Decodable {
  var id: String?
  var receiptHandle: String?
  var visibilityTimeout: Int?

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case receiptHandle = "ReceiptHandle"
    case visibilityTimeout = "VisibilityTimeout"
  }
}
