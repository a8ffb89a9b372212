package import EventLoop
import HTTP
import Jobs
import Logging
package import Logs

/// A line for each request with images; with `includesAll` for every other one too.
///
/// Lines are gathered and written by the page or after ``flushDelay``, whichever is first: a write(2) costs several times
/// what making a line does. What has been gathered is lost when the process is killed.
///
/// With all its fields and its part of the write a line costs some 1.4 us of CPU, a hundredth of what an upload does. That
/// is why it is on by default: who asks about a request asks afterwards.
@LoopActor
package final class AccessLog {
  package struct Configuration: Sendable {
    package var format: LogFormat
    package var output: LogOutput
    /// Requests without images are mostly probes and scrapes: logged, at debug, only where debug lines are wanted.
    package var includesAll: Bool

    package init(format: LogFormat, output: LogOutput, includesAll: Bool) {
      self.format = format
      self.output = output
      self.includesAll = includesAll
    }
  }

  /// What a client chose, paths and its own name, may be that long; enough for the usual ones.
  static let clientTextByteCountMax = 256
  /// Short enough for who watches, long enough for a page to fill where it matters.
  private static let flushDelay: Duration = .milliseconds(500)

  private let configuration: Configuration
  private var line: LogLine
  /// Whole lines, at most what one write takes.
  private var gathered: [UInt8] = []
  private var timer: LoopTimer?
  private var isClosed = false

  init(_ configuration: Configuration) {
    self.configuration = configuration
    line = LogLine(configuration.format)
    gathered.reserveCapacity(LogLimits.lineByteCountMax)
  }

  func add(_ record: RequestRecord, _ response: HTTPResponse, total: Duration) {
    let isUpload = record.isUpload
    guard isUpload || configuration.includesAll else { return }
    let head = record.request.head
    line.begin(isUpload ? .info : .debug, label: "access")
    line.add("request", record.id.description)
    line.add("client", client(record.request))
    if let name = record.request.clientName { line.add("key", name) }
    line.add("method", head.method.rawValue, upTo: AccessLog.clientTextByteCountMax)
    line.add("path", head.path, upTo: AccessLog.clientTextByteCountMax)
    line.add("status", record.status(of: response))
    if let code = response.problemCode { line.add("code", code) }
    line.add("bytes", record.request.body.receivedByteCount)
    if let submission = record.submission { add(submission, record) }
    line.add("total_ms", milliseconds: total.inSeconds * 1000)
    if let agent = head.headers["user-agent"] { line.add("agent", agent, upTo: AccessLog.clientTextByteCountMax) }
    line.finish()
    gather()
  }

  /// A line, among those of requests without images, for an answer to what was no request.
  func addRefusal(_ response: HTTPResponse, id: RequestID, peer: SocketAddress) {
    guard configuration.includesAll else { return }
    line.begin(.debug, label: "access")
    line.add("request", id.description)
    line.add("client", peer.host)
    line.add("status", response.status.rawValue)
    if let code = response.problemCode { line.add("code", code) }
    line.finish()
    gather()
  }

  /// The peer's address is text already; only one that came through a proxy has to be written.
  private func client(_ request: HTTPRequest) -> String {
    guard let client = request.clientAddress, client != request.peerAddress else { return request.remoteAddress.host }
    return client.description
  }

  private func add(_ submission: Submission, _ record: RequestRecord) {
    line.add("files", submission.uploads.count)
    line.add("objects", submission.uploads.lazy.map(\.key.id.description))
    if let upload = record.uploadDuration { line.add("upload_ms", milliseconds: upload.inSeconds * 1000) }
    // Of several files the slowest: it is what the answer waited for.
    var (queue, classify): (Double?, Double?)
    for case .answered(let answer, _) in record.replies {
      if let time = answer.timings?.queue { queue = max(queue ?? 0, time) }
      if let time = answer.timings?.classify { classify = max(classify ?? 0, time) }
    }
    if let queue { line.add("queue_ms", milliseconds: queue) }
    if let classify { line.add("classify_ms", milliseconds: classify) }
  }

  private func gather() {
    if gathered.count + line.bytes.count > LogLimits.lineByteCountMax { write() }
    if gathered.isEmpty { scheduleFlush() }
    gathered.append(contentsOf: line.bytes)
    line.removeAll()
    // A handler that was cancelled at the end of a stop.
    if isClosed { flush() }
  }

  private func scheduleFlush() {
    if isClosed { return }
    let timer = timer ?? LoopTimer { [unowned self] in flush() }
    timer.start(after: AccessLog.flushDelay)
    self.timer = timer
  }

  private func write() {
    configuration.output.write(gathered, format: configuration.format)
    gathered.removeAll(keepingCapacity: true)
  }

  private func flush() { if !gathered.isEmpty { write() } }

  /// Writes what is left.
  func close() {
    isClosed = true
    timer?.close()
    timer = nil
    flush()
  }
}
