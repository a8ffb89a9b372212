/// The input of the batch operations.
struct BatchInput<Entry: Decodable>: Decodable {
  var queueURL: String?
  var entries: [Entry]?

  private enum CodingKeys: String, CodingKey {
    case queueURL = "QueueUrl"
    case entries = "Entries"
  }
}
