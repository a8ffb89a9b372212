import EventLoop
import HTTP

/// `GET /metrics`: of all processes on the port, each sample with its process's index as a label; without such a label
/// where there is one process only.
@LoopActor
final class GroupMetrics {
  static let processLabel = "process"

  private let metrics: WebMetrics
  private let peers: Peers?

  init(metrics: WebMetrics, peers: Peers?) {
    self.metrics = metrics
    self.peers = peers
  }

  func response() async -> HTTPResponse {
    guard let peers else { return HTTPResponse(metrics: metrics.text()) }
    var texts = await peers.askAll(for: .metrics).map { $0.map { String(decoding: $0, as: UTF8.self) } }
    texts[peers.ownIndex] = metrics.text(ofProcess: peers.ownIndex)
    var up = MetricsText()
    up.add(
      "saccade_process_up", .gauge, "Whether this process of the port has told its figures for this answer.",
      texts.enumerated().map { index, text in
        (labels: [(GroupMetrics.processLabel, "\(index)")], value: text == nil ? 0 : 1)
      })
    return HTTPResponse(metrics: MetricsText.merged(texts.compactMap { $0 } + [up.text]))
  }
}

extension HTTPResponse {
  /// - Parameter text: Of `WebMetrics`, or several of them merged.
  init(metrics text: String) {
    self.init(
      status: .ok, headers: ["Content-Type": "text/plain; version=0.0.4; charset=utf-8"], body: Array(text.utf8))
  }
}
