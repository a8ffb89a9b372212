/// One HTTP request, whole: what is to be sent, where the response goes, how long it may take.
package struct TransportRequest: Sendable {
  package var method: String
  /// Absolute, percent-encoded; sent as it is, dots and all.
  package var url: String
  package var headers: [(name: String, value: String)]
  package var body: RequestBody
  package var response: ResponseDestination
  package var timeouts: TransportTimeouts
  /// For endpoints of the machine itself (instance metadata), which no proxy can reach.
  package var bypassesProxy = false

  package enum RequestBody: Sendable {
    case none
    case bytes([UInt8])
    /// With a `byteCount` exactly so many bytes are sent and announced; without, the body is chunked.
    case source(any UploadSource, byteCount: Int?)
  }

  package enum ResponseDestination: Sendable {
    /// The body becomes `TransportResponse.body`; a larger one fails with `responseTooLarge`.
    case collect(byteCountMax: Int)
    case sink(any ResponseSink)
  }

  package init(
    method: String, url: String, headers: [(name: String, value: String)] = [], body: RequestBody = .none,
    response: ResponseDestination = .collect(byteCountMax: 1 << 20), timeouts: TransportTimeouts = .init()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.response = response
    self.timeouts = timeouts
  }
}

/// What came back.
package struct TransportResponse: Sendable {
  package var status: Int
  package var headers: ResponseHeaders
  /// Empty when a sink took it.
  package var body: [UInt8]

  package var isSuccess: Bool { (200..<300).contains(status) }

  package init(status: Int, headers: ResponseHeaders = .init(), body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
