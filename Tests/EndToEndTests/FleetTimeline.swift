import AWS
import EventLoop
import Foundation
import TestSupport

/// What `saccade up` says of its workers, and what the kernel knows of them, looked at all the time.
@LoopActor
final class FleetTimeline {
  struct State: Decodable {
    struct Queue: Decodable {
      var visible: Int
      var inFlight: Int
    }
    struct Worker: Decodable {
      var name: String
      var pid: Int32?
      var stage: String
      var held: Int
    }
    struct Fleet: Decodable {
      var queue: Queue?
      var minimum: Int
      var maximum: Int
      var wanted: Int
      var workers: [Worker]

      func count(_ stages: String...) -> Int { workers.count { stages.contains($0.stage) } }
    }
    var url: String
    var fleet: Fleet
  }

  struct Moment {
    var at: ContinuousClock.Instant
    var fleet: State.Fleet
    /// Worker processes that are there.
    var processCount: Int
    var answeredCount: Int
  }

  private struct File: Decodable {
    var url: String
    var token: String
  }

  private let machine: Machine
  private let transport = Transport()
  private let file: File
  private var looking: Task<Void, Never>?
  private var failure: (any Error)?
  private(set) var moments: [Moment] = []
  var answeredCount = 0

  init(_ machine: Machine) throws {
    self.machine = machine
    let data = try Data(contentsOf: machine.folder.appending(path: "up.json"))
    file = try JSONDecoder().decode(File.self, from: data)
  }

  func start() {
    looking = EventLoop.shared.spawn { [self] in
      do {
        while true {
          try await look()
          try await sleep(for: .milliseconds(50))
        }
      } catch {
        failure = error
      }
    }
  }

  func stop() {
    looking?.cancel()
    transport.shutdown()
  }

  /// Waits for a moment that is as wanted.
  func until(_ isWanted: (Moment) -> Bool) async throws {
    while !(moments.last.map(isWanted) ?? false) {
      if let failure { throw failure }
      try await sleep(for: .milliseconds(50))
    }
  }

  func state(token: String? = nil) async throws -> (status: Int, body: Data) {
    let response = try await transport.send(
      TransportRequest(
        method: "GET", url: file.url + "/state",
        headers: [(name: "Authorization", value: "Bearer " + (token ?? file.token))]))
    return (response.status, Data(response.body))
  }

  private func look() async throws {
    let state = try JSONDecoder().decode(State.self, from: try await state().body)
    moments.append(
      Moment(
        at: .now, fleet: state.fleet, processCount: machine.children("saccade-worker").count,
        answeredCount: answeredCount))
  }

  /// For people: a line whenever something about the workers is another, and at least each second.
  var lines: [String] {
    guard let start = moments.first?.at else { return [] }
    var lines = [" seconds  answered  visible  in flight  wanted  ready  busy  starting  draining  processes"]
    var shown: (at: ContinuousClock.Instant, counts: [Int])?
    for moment in moments {
      let fleet = moment.fleet
      let counts = [
        fleet.wanted, fleet.count("idle", "busy"), fleet.count("busy"), fleet.count("starting"),
        fleet.count("draining"), moment.processCount,
      ]
      if let shown, shown.counts == counts, moment.at - shown.at < .seconds(1) { continue }
      shown = (moment.at, counts)
      let cells = [moment.answeredCount, fleet.queue?.visible ?? -1, fleet.queue?.inFlight ?? -1] + counts
      let widths = [10, 9, 11, 8, 7, 6, 10, 10, 11]
      lines.append(
        String(format: "%8.2f", (moment.at - start) / .seconds(1))
          + zip(cells, widths).map { cell, width in
            String(repeating: " ", count: max(0, width - "\(cell)".count)) + "\(cell)"
          }.joined())
    }
    return lines
  }
}
