import AWS
import Elasticity
import EventLoop
import Foundation
import HTTP

extension StateFile {
  /// Asks the `saccade up` that has left the file.
  /// - Returns: `nil` when nothing answers there as one does: also when the file is what a killed process has left.
  @LoopActor
  func machineState(over transport: Transport, within timeout: Duration) async -> MachineState? {
    let headers = [(name: "Authorization", value: BearerToken(token).authorization)]
    guard let body = try? await transport.get(url + "/state", headers: headers, within: timeout) else { return nil }
    return try? MachineState(json: Data(body))
  }
}
