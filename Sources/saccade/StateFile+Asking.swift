import AWS
import Elasticity
import EventLoop
import Foundation

extension StateFile {
  /// Asks the `saccade up` that has left the file.
  /// - Returns: `nil` when nothing answers there as one does: also when the file is what a killed process has left.
  @LoopActor
  func machineState(over transport: Transport, within timeout: Duration) async -> MachineState? {
    let headers = [(name: "Authorization", value: "Bearer " + token)]
    guard let body = try? await transport.get(url + "/state", headers: headers, within: timeout) else { return nil }
    return try? MachineState(json: Data(body))
  }
}

extension Transport {
  /// What a service of this machine has there, asked through no proxy.
  /// - Returns: `nil` unless the answer is a 200.
  func get(
    _ url: String, headers: [(name: String, value: String)] = [], within timeout: Duration
  ) async throws(TransportError) -> [UInt8]? {
    var request = TransportRequest(
      method: "GET", url: url, headers: headers, timeouts: TransportTimeouts(total: timeout))
    request.bypassesProxy = true
    let response = try await send(request)
    return response.status == 200 ? response.body : nil
  }
}
