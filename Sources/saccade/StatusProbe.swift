import AWS
import Elasticity
import EventLoop
import Foundation

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
    let machine = try await machineState()
    let figures = try? await get(machine.url + "/metrics").map { ServiceFigures(metrics: $0) }
    try Task.checkCancellation()
    return StatusReport.Sample(at: .now, machine: machine, figures: figures)
  }

  private func machineState() async throws -> MachineState {
    let text = try? await get(file.url + "/state", headers: [(name: "Authorization", value: "Bearer " + file.token)])
    try Task.checkCancellation()
    guard let text, let state = try? MachineState(json: Data(text.utf8)) else { throw NotUp(folder: folder) }
    return state
  }

  /// - Returns: `nil` unless the answer is a 200.
  private func get(_ url: String, headers: [(name: String, value: String)] = []) async throws -> String? {
    var request = TransportRequest(method: "GET", url: url, headers: headers)
    request.timeouts = TransportTimeouts(total: StatusProbe.timeout)
    request.bypassesProxy = true
    let response = try await transport.send(request)
    return response.status == 200 ? String(decoding: response.body, as: UTF8.self) : nil
  }
}
