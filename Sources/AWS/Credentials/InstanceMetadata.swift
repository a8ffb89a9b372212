package import EventLoop
package import FoundationEssentials

/// The metadata service of an EC2 instance, version 2: every request carries a session token got by PUT.
///
/// Reference: EC2 User Guide, "Use the Instance Metadata Service".
@LoopActor package final class InstanceMetadata {
  /// Off EC2 the address mostly does not answer at all, and every start without credentials waits this long for it.
  static let timeout: Duration = .seconds(1)
  static let attemptCountMax = 2
  /// Six hours, what the SDKs ask for.
  static let tokenLifetimeSeconds = 21_600
  /// A token this close to its end is replaced rather than used.
  static let tokenMarginSeconds = 60.0

  static let name = "instance metadata"

  private let endpoint: String
  private let isDisabled: Bool
  private let metadata: any MetadataFetching
  private let now: @Sendable () -> Date
  private var token: (text: String, end: Date)?

  package init(
    environment: [String: String], metadata: any MetadataFetching, now: @escaping @Sendable () -> Date = { Date() }
  ) {
    let usesIPv6 = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
    var endpoint =
      environment.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT")
      ?? (usesIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254")
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    self.endpoint = endpoint
    isDisabled = environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true"
    self.metadata = metadata
    self.now = now
  }

  /// The text under `/latest/meta-data/…`; nil when the service is disabled or has nothing of that name (404).
  package func get(_ path: String) async throws(CredentialsError) -> String? {
    try await response(to: path)?.text
  }

  func response(to path: String) async throws(CredentialsError) -> MetadataResponse? {
    if isDisabled { return nil }
    var hasReplacedToken = false
    while true {
      let token = try await currentToken()
      let response = try await attempt(
        MetadataRequest(
          url: endpoint + "/latest/meta-data/" + path,
          headers: [(name: "X-aws-ec2-metadata-token", value: token)], timeout: Self.timeout))
      switch response.status {
      case 200: return response
      case 404: return nil
      case 401 where !hasReplacedToken:
        // The instance was stopped and started, or its clock was set: the token is of no use any more.
        self.token = nil
        hasReplacedToken = true
      default: throw .refused(source: Self.name, status: response.status, response.excerpt)
      }
    }
  }

  private func currentToken() async throws(CredentialsError) -> String {
    if let token, now() < token.end { return token.text }
    let asked = now()
    let response = try await attempt(
      MetadataRequest(
        method: "PUT", url: endpoint + "/latest/api/token",
        headers: [
          (name: "X-aws-ec2-metadata-token-ttl-seconds", value: String(Self.tokenLifetimeSeconds))
        ], body: [], timeout: Self.timeout, byteCountMax: 4096))
    let text = ASCII.trimmed(response.text)
    guard response.status == 200, !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .refused(source: Self.name, status: response.status, "no session token")
    }
    token = (text, asked.addingTimeInterval(Double(Self.tokenLifetimeSeconds) - Self.tokenMarginSeconds))
    return text
  }

  private func attempt(_ request: MetadataRequest) async throws(CredentialsError) -> MetadataResponse {
    var reason = ""
    for attempt in 1...Self.attemptCountMax {
      do {
        let response = try await metadata.fetch(request)
        if response.status < 500 || attempt == Self.attemptCountMax { return response }
      } catch {
        reason = error.reason
      }
    }
    throw .unreachable(source: Self.name, reason)
  }
}
