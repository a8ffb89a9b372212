/// What whoever supervises the workers of one machine knows of them. On AWS and in clusters nobody tells the web tier.
package struct FleetSnapshot: Sendable, Encodable {
  package struct Worker: Sendable, Encodable {
    package var name: String
    package var pid: Int32?
    /// `starting`, `idle`, `busy` …
    package var stage: String
    /// Jobs that it holds.
    package var held: Int
    /// How often its process was started again.
    package var restarts: Int

    package init(name: String, pid: Int32?, stage: String, held: Int, restarts: Int) {
      self.name = name
      self.pid = pid
      self.stage = stage
      self.held = held
      self.restarts = restarts
    }
  }

  package var minimum: Int
  package var maximum: Int
  /// How many the policy asks for.
  package var wanted: Int
  /// Those that take jobs.
  package var ready: Int
  package var busy: Int
  package var workers: [Worker]

  package init(minimum: Int, maximum: Int, wanted: Int, ready: Int, busy: Int, workers: [Worker]) {
    self.minimum = minimum
    self.maximum = maximum
    self.wanted = wanted
    self.ready = ready
    self.busy = busy
    self.workers = workers
  }
}
