import AWS
import Elasticity
import EventLoop

/// Asks `saccade up` for its state and its web tier for what it has counted.
@LoopActor
final class StatusProbe {
  struct NotUp: Error, CustomStringConvertible {
    let folder: String
    var description: String { "nothing that answers is up in \(folder); --data names the folder of 'saccade up'" }
  }

  /// Beyond that somebody who waits for an answer wants to know that there is none.
  private static let timeout: Duration = .seconds(5)

  private let folder: String
  private let file: StateFile
  private let transport = Transport()

  init(folder: String) throws {
    guard let file = try StateFile.load(from: folder) else { throw NotUp(folder: folder) }
    self.folder = folder
    self.file = file
  }

  func close() { transport.shutdown() }

  /// - Throws: ``NotUp``: also when the file is what a killed process has left.
  func sample() async throws -> StatusReport.Sample {
    let machine = await file.machineState(over: transport, within: StatusProbe.timeout)
    try Task.checkCancellation()
    guard let machine else { throw NotUp(folder: folder) }
    let metrics = try? await transport.get(machine.url + "/metrics", within: StatusProbe.timeout)
    try Task.checkCancellation()
    let figures = metrics.map { ServiceFigures(metrics: String(decoding: $0, as: UTF8.self)) }
    return StatusReport.Sample(at: .now, machine: machine, figures: figures)
  }
}
