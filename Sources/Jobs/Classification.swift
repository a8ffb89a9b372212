/// What is in an image.
package struct Classification: Sendable, Hashable, Codable {
  package struct Candidate: Sendable, Hashable, Codable {
    package let label: String
    /// The label's WordNet id, `n02123159`, if the model's labels have one.
    package let wnid: String?
    /// 0...1
    package let confidence: Float

    package init(label: String, wnid: String?, confidence: Float) {
      self.label = label
      self.wnid = wnid
      self.confidence = confidence
    }
  }

  /// What a worker's steps took, in milliseconds; a step that was not taken is absent.
  package struct Timings: Sendable, Hashable, Codable {
    /// From the web tier's receipt of the image to the worker's of the job, by two machines' clocks.
    package var queue: Double?
    package var fetch: Double?
    package var decode: Double?
    package var classify: Double?
    /// From the worker's receipt of the job to its answer.
    package var total: Double?

    package init(
      queue: Duration? = nil, fetch: Duration? = nil, decode: Duration? = nil, classify: Duration? = nil,
      total: Duration? = nil
    ) {
      self.queue = queue?.milliseconds
      self.fetch = fetch?.milliseconds
      self.decode = decode?.milliseconds
      self.classify = classify?.milliseconds
      self.total = total?.milliseconds
    }
  }

  package let key: ObjectKey
  /// The image's name as the client gave it.
  package let name: String
  /// The most likely label.
  package let label: String
  /// Of ``label``, 0...1.
  package let confidence: Float
  /// The most likely first; the first is ``label``.
  package let top: [Candidate]
  /// The name of the model that classified it.
  package let model: String
  /// Its version, if it has one. Workers have not always told it.
  package let modelVersion: String?
  /// Who classified it, for people who look for a worker that misbehaves.
  package let worker: String
  package let timings: Timings

  /// How many candidates an answer holds at most.
  package static let topCountMax = 5

  /// - Parameter candidates: the most likely first, at least one; those past ``topCountMax`` are left out.
  package init(
    key: ObjectKey, name: String, candidates: [Candidate], model: String, modelVersion: String? = nil, worker: String,
    timings: Timings
  ) {
    precondition(!candidates.isEmpty, "a classification without candidates")
    self.key = key
    self.name = name.cut(toByteCount: ClassificationJob.nameByteCountMax)
    self.label = candidates[0].label
    self.confidence = candidates[0].confidence
    self.top = Array(candidates.prefix(Self.topCountMax))
    self.model = model
    self.modelVersion = modelVersion
    self.worker = worker
    self.timings = timings
  }
}

extension Duration {
  /// To the microsecond: more digits would be noise in every message.
  fileprivate var milliseconds: Double { (self / .microseconds(1)).rounded() / 1000 }
}
