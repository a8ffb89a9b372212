/// The answer to a job as a worker would write it (`Jobs`), with one member more.
struct SinkAnswer: Sendable, Encodable {
  struct Candidate: Sendable, Encodable {
    var label: String
    var confidence: Double
  }

  struct Timings: Sendable, Encodable {
    var total = 0.0
  }

  var v = 1
  var id: String
  var key: String
  var name: String
  var label: String
  var confidence = 0.99
  var top: [Candidate]
  var model = "sink"
  var worker = "sink"
  var timings = Timings()
  /// When the answer was put into its queue, in nanoseconds of the machine's monotonic clock: who measures on the same
  /// machine knows from it what the way back took.
  var answeredAtNanoseconds: Int64

  init(_ job: SinkJob, label: String, answeredAtNanoseconds: Int64) {
    id = job.id
    key = job.key ?? ""
    name = job.name ?? ""
    self.label = label
    top = [Candidate(label: label, confidence: confidence)]
    self.answeredAtNanoseconds = answeredAtNanoseconds
  }
}
