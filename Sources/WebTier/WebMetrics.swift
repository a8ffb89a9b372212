import AWS
import EventLoop
import HTTP
import Jobs

/// What `/metrics` shows, in Prometheus' text format.
@LoopActor
final class WebMetrics {
  private let storage: ImageStorage
  private let answers: AnswerTable
  private let sender: JobSender
  private let counters: AWSCallCounters
  private var outcomes: [String: Int] = [:]

  init(storage: ImageStorage, answers: AnswerTable, sender: JobSender, counters: AWSCallCounters) {
    self.storage = storage
    self.answers = answers
    self.sender = sender
    self.counters = counters
  }

  func count(_ reply: Reply) {
    switch reply {
    case .pending: count("pending")
    case .answered(let answer, _):
      switch answer.outcome {
      case .success: count("answered")
      case .failure: count("failed")
      }
    }
  }

  func count(_ error: SubmissionError) {
    switch error {
    case .cancelled, .upload(.cancelled, _), .body(.disconnected): count("cancelled")
    default: count("refused")
    }
  }

  private func count(_ outcome: String) { outcomes[outcome, default: 0] += 1 }

  func text() -> String {
    var text = ""
    func family(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: Int)]) {
      text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
      for sample in samples { text += "\(name)\(sample.labels) \(sample.value)\n" }
    }
    family(
      "saccade_images_total", "counter", "Images by what came of them.",
      ["answered", "failed", "pending", "refused", "cancelled"].map { ("{outcome=\"\($0)\"}", outcomes[$0] ?? 0) })
    family("saccade_uploads_in_flight", "gauge", "Files on their way to S3.", [("", storage.uploadCount)])
    family("saccade_upload_buffer_bytes", "gauge", "Memory of uploads.", [("", storage.pool.usedByteCount)])
    family("saccade_pending_answers", "gauge", "Clients that wait for an answer.", [("", answers.count)])
    family("saccade_queued_jobs", "gauge", "Jobs that SQS has not taken yet.", [("", sender.queuedCount)])
    family(
      "saccade_aws_calls_total", "counter", "Attempts of AWS calls.",
      counters.attempts.map { key, value in
        (
          "{service=\"\(key.service)\",operation=\"\(key.operation)\",outcome=\"\(key.outcome.rawValue)\"}",
          value
        )
      }.sorted { $0.0 < $1.0 })
    return text
  }
}
