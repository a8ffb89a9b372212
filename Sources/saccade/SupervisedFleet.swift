import AWS
import Elasticity
import EventLoop
import WebTier

/// The workers as the `saccade up` that has started this web tier knows them.
@LoopActor
final class SupervisedFleet {
  /// Within some ticks of those who watch.
  private static let timeout: Duration = .seconds(2)

  private let folder: String
  private let transport = Transport()

  /// - Returns: `nil` for a web tier that was not started so.
  init?(environment: [String: String]) {
    guard let folder = environment[StateFile.folderVariable] else { return nil }
    self.folder = folder
  }

  func close() { transport.shutdown() }

  func snapshot() async -> FleetSnapshot? {
    // Read each time, since a `saccade up` that was started again is at another port. It is some hundred bytes long.
    guard let file = try? StateFile.load(from: folder),
      let state = await file.machineState(over: transport, within: SupervisedFleet.timeout)
    else { return nil }
    return FleetSnapshot(state.fleet)
  }
}

extension FleetSnapshot {
  fileprivate init(_ fleet: FleetState) {
    self.init(
      minimum: fleet.minimum, maximum: fleet.maximum, wanted: fleet.wanted, ready: fleet.readyCount,
      busy: fleet.count(of: .busy),
      workers: fleet.workers.map {
        Worker(name: $0.name, pid: $0.pid, stage: $0.stage.rawValue, held: $0.held, restarts: $0.restarts)
      })
  }
}
