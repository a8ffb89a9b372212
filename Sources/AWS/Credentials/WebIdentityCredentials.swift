import EventLoop

/// The role of a Kubernetes service account (EKS's "IAM roles for service accounts"), or of whoever else is given OpenID
/// Connect tokens in a file.
///
/// Reference: AWS SDKs and Tools Reference Guide, "Assume role credential provider".
@LoopActor final class WebIdentityCredentials: CredentialsSource {
  let name = "web identity"
  private let environment: [String: String]
  private let exchange: WebIdentityExchange

  init(environment: [String: String], exchange: WebIdentityExchange) {
    self.environment = environment
    self.exchange = exchange
  }

  func fetch() async throws(CredentialsError) -> Credentials? {
    guard let identity = try WebIdentity(environment: environment, source: name) else { return nil }
    return try await exchange.credentials(for: identity)
  }
}
