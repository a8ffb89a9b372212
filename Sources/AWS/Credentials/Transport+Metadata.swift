import EventLoop

extension Transport: MetadataFetching {
  package func fetch(_ request: MetadataRequest) async throws(MetadataError) -> MetadataResponse {
    var outgoing = TransportRequest(
      method: request.method, url: request.url, headers: request.headers,
      body: request.method == "PUT" ? .bytes([]) : .none,
      response: .collect(byteCountMax: request.byteCountMax),
      timeouts: TransportTimeouts(connect: request.timeout, stall: nil, total: request.timeout))
    outgoing.bypassesProxy = true
    do {
      let response = try await send(outgoing)
      return MetadataResponse(status: response.status, body: response.body)
    } catch {
      throw MetadataError(error.description)
    }
  }
}
