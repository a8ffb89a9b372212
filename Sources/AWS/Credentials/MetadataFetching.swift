package import EventLoop

/// Fetches small documents that settings and credentials come in, mostly from endpoints of the machine itself: instance
/// metadata, container credentials; and from STS.
///
/// No redirects, no retries: whoever asks knows better what another attempt is worth.
@LoopActor package protocol MetadataFetching: AnyObject {
  func fetch(_ request: MetadataRequest) async throws(MetadataError) -> MetadataResponse
}

package struct MetadataRequest: Sendable {
  package var method: String
  package var url: String
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]?
  /// For the whole exchange, connecting included.
  package var timeout: Duration
  /// A longer answer is an error.
  package var byteCountMax: Int
  /// No proxy can reach the machine's own endpoints.
  package var bypassesProxy = true

  /// Credentials with the longest session tokens are a few kilobytes.
  package static let byteCountMax = 64 * 1024

  package init(
    method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
    timeout: Duration, byteCountMax: Int = Self.byteCountMax
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.byteCountMax = byteCountMax
  }
}

package struct MetadataResponse: Sendable {
  package var status: Int
  package var body: [UInt8]

  package init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }

  package var text: String { String(decoding: body, as: UTF8.self) }
  /// What an error says, short enough for a log line.
  var excerpt: String { String(ASCII.trimmed(text).prefix(200)) }
}

/// There was no answer.
package struct MetadataError: Error, Sendable, Hashable {
  package var reason: String

  package init(_ reason: String) { self.reason = reason }
}
