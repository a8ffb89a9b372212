import EventLoop
import HTTP
import Jobs

/// What is to be known of one request when it has been answered: gathered on its way, counted and logged at its end.
@LoopActor
final class RequestRecord {
  let id: RequestID
  let request: HTTPRequest
  /// When the head had been received: the handler is called in the same turn of the loop.
  let receivedAt = ContinuousClock.now
  /// The files, of a request that brings any.
  var submission: Submission?
  /// From the head to the last file's being stored.
  private(set) var uploadDuration: Duration?
  /// What came of the files, as far as it did.
  var replies: [Reply] = []

  init(_ request: HTTPRequest, id: RequestID) {
    self.request = request
    self.id = id
  }

  /// Whether it is to bring images, even if it was refused before they were looked at.
  var isUpload: Bool {
    let head = request.head
    return head.method == .post
      && (head.path == "/" || head.path == "/v1/images" || InferencePath(head.path)?.isInference == true)
  }

  /// As it is counted and logged. What a client that has gone is answered reaches nobody and is no fault of ours: nginx's
  /// 499 keeps it apart.
  func status(of response: HTTPResponse) -> Int {
    switch response.problemCode {
    case "cancelled", "body-incomplete": 499
    default: response.status.rawValue
    }
  }

  /// Every file is in the bucket.
  func stored() { uploadDuration = ContinuousClock.now - receivedAt }
}
