/// One HTTP request, whole: what is to be sent, where the response goes, how long it may take.
package struct TransportRequest: Sendable {
  package var method: String
  /// Scheme and authority; nil when the URL was none, which sending reports.
  package var endpoint: ServiceEndpoint?
  /// Path and query, percent-encoded; sent as they are, dots and all.
  package var target: String
  package var headers: [(name: String, value: String)]
  package var body: RequestBody
  package var response: ResponseDestination
  package var timeouts: TransportTimeouts
  /// For endpoints of the machine itself (instance metadata), which no proxy can reach.
  package var bypassesProxy = false

  package enum RequestBody: Sendable {
    case none
    case bytes([UInt8])
    /// Exactly so many bytes are sent and announced.
    case source(any UploadSource, byteCount: Int)

    var byteCount: Int {
      switch self {
      case .none: 0
      case .bytes(let bytes): bytes.count
      case .source(_, let byteCount): byteCount
      }
    }
  }

  package enum ResponseDestination: Sendable {
    /// The body becomes `TransportResponse.body`; a larger one fails with `responseTooLarge`.
    case collect(byteCountMax: Int)
    case sink(any ResponseSink)
  }

  /// - Parameter endpoint: Whose path, if it has one, is in `target` already.
  package init(
    method: String, endpoint: ServiceEndpoint?, target: String, headers: [(name: String, value: String)] = [],
    body: RequestBody = .none, response: ResponseDestination = .collect(byteCountMax: 1 << 20),
    timeouts: TransportTimeouts = .init()
  ) {
    self.method = method
    self.endpoint = endpoint
    self.target = target
    self.headers = headers
    self.body = body
    self.response = response
    self.timeouts = timeouts
  }

  /// - Parameter url: Absolute.
  package init(
    method: String, url: String, headers: [(name: String, value: String)] = [], body: RequestBody = .none,
    response: ResponseDestination = .collect(byteCountMax: 1 << 20), timeouts: TransportTimeouts = .init()
  ) {
    let authorityStart = url.firstRange(of: "://")?.upperBound ?? url.endIndex
    let targetStart = url[authorityStart...].firstIndex { "/?#".contains($0) } ?? url.endIndex
    // RFC 9112 §3.2.1: an empty path is sent as "/".
    let target = url[targetStart...].prefix { $0 != "#" }
    self.init(
      method: method, endpoint: try? ServiceEndpoint(String(url[..<targetStart])),
      target: target.hasPrefix("/") ? String(target) : "/" + target, headers: headers, body: body, response: response,
      timeouts: timeouts)
  }

  /// Absolute, for those who take nothing else; empty when there is none.
  var url: String {
    guard let endpoint else { return "" }
    return endpoint.scheme + "://" + endpoint.authority + target
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
