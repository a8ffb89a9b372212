import EventLoop

/// One operation, before it is signed.
struct ServiceCall {
  /// `PutObject`, `SendMessage` …
  var operation: String
  var method: String
  var endpoint: ServiceEndpoint
  /// Percent-encoded, after the endpoint's own path.
  var path: String
  /// Plain names and values.
  var query: [(String, String)] = []
  var headers: [(name: String, value: String)] = []
  var body: TransportRequest.RequestBody = .none
  var payloadHash: PayloadHash = .empty
  var response: TransportRequest.ResponseDestination = .collect(byteCountMax: 1 << 20)
  var timeouts = TransportTimeouts()
  /// Finds what is wrong with a response whose status says success.
  var flaw: (@LoopActor (TransportResponse) -> AWSError?)?

  /// Makes a source or a sink ready for another attempt. A request without either always is.
  @LoopActor func rewind() -> Bool {
    if case .source(let source, _) = body, !source.rewind() { return false }
    if case .sink(let sink) = response, !sink.rewind() { return false }
    return true
  }
}
