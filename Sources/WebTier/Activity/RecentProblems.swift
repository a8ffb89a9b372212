import EventLoop
import FoundationEssentials
import HTTP
import Jobs

/// The last requests that were answered with a problem, for people who ask what goes wrong at this moment. In memory only.
@LoopActor
final class RecentProblems {
  struct Entry {
    let at: Date
    let requestID: String
    let method: String
    /// As metrics name it: the path is the client's, and may be a result's secret.
    let route: RouteLabel
    let status: Int
    let code: String
    /// The problem as it was sent, which holds its detail; shared with the answer, not copied.
    fileprivate let document: [UInt8]
    fileprivate let detailByteCountMax: Int
  }

  private let limits: ActivityLimits
  /// The service's: 5xx.
  private var faults: Ring<Entry>
  /// The clients': 4xx.
  private var refusals: Ring<Entry>

  init(limits: ActivityLimits) {
    self.limits = limits
    faults = Ring(countMax: limits.problemCountMax)
    refusals = Ring(countMax: limits.problemCountMax)
  }

  func add(_ record: RequestRecord, _ response: HTTPResponse, status: Int) {
    guard let code = response.problemCode else { return }
    let head = record.request.head
    let entry = Entry(
      at: Date(), requestID: record.id.description, method: head.method.rawValue, route: RouteLabel(path: head.path),
      status: status, code: code,
      // One that repeats a long header of its client's is not worth the room.
      document: response.body.count <= limits.problemByteCountMax ? response.body : [],
      detailByteCountMax: limits.problemDetailByteCountMax)
    if status >= 500 { faults.append(entry) } else { refusals.append(entry) }
  }

  /// The newest first.
  var inOrder: [Entry] { (faults.inOrder + refusals.inOrder).sorted { $0.at > $1.at } }
}

extension RecentProblems.Entry {
  private struct Document: Decodable {
    var detail: String?
  }

  /// The problem's own words. One that says what there is not repeats the client's path, and is left out.
  var detail: String? {
    guard route != .other, let detail = try? JSONDecoder().decode(Document.self, from: Data(document)).detail else {
      return nil
    }
    return detail.utf8.count <= detailByteCountMax
      ? detail : String(decoding: detail.utf8.prefix(detailByteCountMax), as: UTF8.self) + "…"
  }
}
