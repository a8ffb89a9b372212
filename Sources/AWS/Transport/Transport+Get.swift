extension Transport {
  /// What a service of this machine has there, asked through no proxy.
  /// - Returns: `nil` unless the answer is a 200.
  package func get(
    _ url: String, headers: [(name: String, value: String)] = [], within timeout: Duration
  ) async throws(TransportError) -> [UInt8]? {
    var request = TransportRequest(
      method: "GET", url: url, headers: headers, timeouts: TransportTimeouts(total: timeout))
    request.bypassesProxy = true
    let response = try await send(request)
    return response.status == 200 ? response.body : nil
  }
}
