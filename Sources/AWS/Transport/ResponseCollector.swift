import EventLoop

/// Where a response's body goes: a success's to where the request wants it; of an error's the beginning is kept, which says
/// everything.
@LoopActor struct ResponseCollector {
  private var destination = TransportRequest.ResponseDestination.collect(byteCountMax: 0)
  private(set) var isHead = false
  private var isSuccess = false
  private let errorBodyByteCountMax: Int
  /// What has been kept.
  private(set) var body: [UInt8] = []

  init(limits: TransportLimits) { errorBodyByteCountMax = limits.errorBodyByteCountMax }

  mutating func begin(_ request: TransportRequest) {
    destination = request.response
    isHead = request.method == "HEAD"
  }

  /// Forgets the request.
  mutating func reset() {
    destination = .collect(byteCountMax: 0)
    isSuccess = false
    body = []
  }

  /// What the request wants to take a success's body.
  var sink: (any ResponseSink)? {
    if case .sink(let sink) = destination { sink } else { nil }
  }

  /// The same once there is a success: it gets the bytes, and `append` none.
  var openSink: (any ResponseSink)? { isSuccess ? sink : nil }

  /// The head has come.
  mutating func begin(
    _ status: Int, _ headers: ResponseHeaders, contentLength: Int?
  ) throws(TransportError) {
    isSuccess = (200..<300).contains(status)
    guard isSuccess else { return }
    switch destination {
    case .sink(let sink):
      guard sink.begin(headers: headers, contentLength: contentLength) else { throw .sinkAborted }
    case .collect(let byteCountMax):
      guard let contentLength, !isHead else { return }
      guard contentLength <= byteCountMax else { throw .responseTooLarge(byteCountMax: byteCountMax) }
      if contentLength > 0 { body.reserveCapacity(contentLength) }
    }
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws(TransportError) {
    if isSuccess, case .collect(let byteCountMax) = destination {
      guard bytes.count <= byteCountMax - body.count else { throw .responseTooLarge(byteCountMax: byteCountMax) }
      body.append(contentsOf: bytes)
    } else {
      body.append(contentsOf: bytes.prefix(max(0, errorBodyByteCountMax - body.count)))
    }
  }
}
