/// What there is to see of the workers of one machine, as others are told.
package struct FleetState: Sendable, Equatable, Codable {
  package struct Queue: Sendable, Equatable, Codable {
    /// ApproximateNumberOfMessages.
    package var visible: Int
    /// ApproximateNumberOfMessagesNotVisible.
    package var inFlight: Int

    package init(visible: Int, inFlight: Int) {
      self.visible = visible
      self.inFlight = inFlight
    }
  }

  package struct Worker: Sendable, Equatable, Codable {
    package var name: String
    /// Absent while there is no process: it has died and is about to be started again.
    package var pid: Int32?
    package var stage: FleetPlan.Stage
    /// Jobs that it holds: received, and neither deleted nor given back.
    package var held: Int
    /// How often its process was started again.
    package var restarts: Int

    package init(name: String, pid: Int32?, stage: FleetPlan.Stage, held: Int, restarts: Int) {
      self.name = name
      self.pid = pid
      self.stage = stage
      self.held = held
      self.restarts = restarts
    }
  }

  /// Absent before the first look at it, and while it cannot be read.
  package var queue: Queue?
  package var minimum: Int
  package var maximum: Int
  /// How many workers the policy asks for.
  package var wanted: Int
  /// By age.
  package var workers: [Worker]

  package init(queue: Queue?, minimum: Int, maximum: Int, wanted: Int, workers: [Worker]) {
    self.queue = queue
    self.minimum = minimum
    self.maximum = maximum
    self.wanted = wanted
    self.workers = workers
  }

  package func count(of stage: FleetPlan.Stage) -> Int { workers.count { $0.stage == stage } }
  /// Those that take jobs.
  package var readyCount: Int { count(of: .idle) + count(of: .busy) }
}
