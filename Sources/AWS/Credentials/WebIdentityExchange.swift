import EventLoop

/// Gives STS the token of a web identity and gets a role's credentials for it. The token is the proof: nothing is signed.
///
/// Reference: AWS STS API Reference, version 2011-06-15, "AssumeRoleWithWebIdentity".
@LoopActor final class WebIdentityExchange {
  /// Of one attempt. STS is another machine, and may have to ask the identity provider for its keys first.
  static let timeout: Duration = .seconds(10)
  /// How long the credentials are good: the service's default, and what every role allows.
  static let sessionSeconds = 3600

  private let environment: [String: String]
  private let metadata: any MetadataFetching
  private let retryPolicy: RetryPolicy
  private var retryQuota = RetryQuota()

  private enum Attempt {
    case succeeded(Credentials)
    case failed(CredentialsError, worth: RetryCause?)
  }

  /// - Parameter environment: Says which region or endpoint, see `AWSConfiguration`.
  init(environment: [String: String], metadata: any MetadataFetching, retryPolicy: RetryPolicy = .init()) {
    self.environment = environment
    self.metadata = metadata
    self.retryPolicy = retryPolicy
  }

  func credentials(for identity: WebIdentity) async throws(CredentialsError) -> Credentials {
    let url = try await endpoint(for: identity)
    var retries = retryPolicy.begin()
    while true {
      switch try await attempt(at: url, for: identity) {
      case .succeeded(let credentials):
        retries.succeed(quota: &retryQuota)
        return credentials
      case .failed(let error, let cause):
        guard let cause,
          case .retry(let delay) = retries.decide(
            after: cause, fraction: Double.random(in: 0...1), quota: &retryQuota)
        else { throw error }
        do { try await sleep(for: delay) } catch { throw .unreachable(source: identity.source, "cancelled") }
      }
    }
  }

  private func attempt(at url: String, for identity: WebIdentity) async throws(CredentialsError) -> Attempt {
    // Read again every time: the file's token is replaced before it expires.
    let token: String
    do {
      token = try await EventLoop.shared.offload { () throws(SharedFileError) in try identity.readToken() }
    } catch {
      throw .file(error)
    }
    let response: MetadataResponse
    do {
      response = try await metadata.fetch(Self.request(to: url, for: identity, token: token))
    } catch {
      return .failed(.unreachable(source: identity.source, "\(url): \(error.reason)"), worth: .transient)
    }
    guard response.status != 200 else {
      return .succeeded(try AssumedRoleDocument.credentials(in: response, source: identity.source))
    }
    let refusal = ServiceError.query(
      TransportResponse(status: response.status, body: response.body), operation: "AssumeRoleWithWebIdentity")
    let why = refusal.message.isEmpty ? response.excerpt : String(refusal.message.prefix(200))
    return .failed(
      .refused(
        source: identity.source, status: response.status,
        "\(refusal.code): \(why) (role \(identity.roleARN), token of \(identity.tokenFile))"),
      worth: Self.retryCause(of: refusal))
  }

  private static func request(to url: String, for identity: WebIdentity, token: String) -> MetadataRequest {
    let form = [
      ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", identity.roleARN),
      ("RoleSessionName", identity.sessionName), ("DurationSeconds", String(sessionSeconds)),
      ("WebIdentityToken", token),
    ]
    var request = MetadataRequest(
      method: "POST", url: url,
      headers: [(name: "Content-Type", value: "application/x-www-form-urlencoded; charset=utf-8")],
      body: Array(form.map { $0 + "=" + URIEncoding.encode($1) }.joined(separator: "&").utf8), timeout: timeout)
    request.bypassesProxy = false
    return request
  }

  /// The SDKs repeat two refusals more than those of other services: STS could not reach the identity provider, or could
  /// not (yet) verify the token with the provider's keys.
  private static func retryCause(of refusal: ServiceError) -> RetryCause? {
    switch refusal.code {
    case "IDPCommunicationError", "InvalidIdentityToken": .transient
    default: AWSError.service(refusal).retryCause
    }
  }

  private func endpoint(for identity: WebIdentity) async throws(CredentialsError) -> String {
    do {
      return try await AWSConfiguration.resolve(environment: environment, metadata: metadata).sts.url + "/"
    } catch .file(let error) {
      throw .file(error)
    } catch {
      throw .invalid(source: identity.source, error.description)
    }
  }
}
