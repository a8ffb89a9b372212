/// As much of a job as it takes to answer it. A message is a job when it says where the answer is to go.
struct SinkJob: Sendable, Decodable {
  var id: String
  var key: String?
  var name: String?
  /// The URL of the queue that waits for the answer.
  var replyTo: String

  /// The queue's name, which a URL of SQS's ends with.
  var replyQueueName: String { replyTo.split(separator: "/").last.map(String.init) ?? replyTo }
}
