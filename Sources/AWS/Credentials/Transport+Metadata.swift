import EventLoop

extension Transport: MetadataFetching {
  package func fetch(_ request: MetadataRequest) async throws(MetadataError) -> MetadataResponse {
    var outgoing = TransportRequest(
      method: request.method, url: request.url, headers: request.headers,
      body: request.body.map { .bytes($0) } ?? TransportRequest.RequestBody.none,
      response: .collect(byteCountMax: request.byteCountMax),
      timeouts: TransportTimeouts(connect: request.timeout, stall: nil, total: request.timeout))
    outgoing.bypassesProxy = request.bypassesProxy
    do {
      let response = try await send(outgoing)
      return MetadataResponse(status: response.status, body: response.body)
    } catch {
      throw MetadataError(error.description)
    }
  }
}
