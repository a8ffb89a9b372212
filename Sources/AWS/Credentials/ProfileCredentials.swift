import EventLoop

/// The keys or the web identity in the shared files, under `AWS_PROFILE` or `default`.
@LoopActor final class ProfileCredentials: CredentialsSource {
  let name = "shared files"
  private let environment: [String: String]
  private let exchange: WebIdentityExchange

  init(environment: [String: String], exchange: WebIdentityExchange) {
    self.environment = environment
    self.exchange = exchange
  }

  func fetch() async throws(CredentialsError) -> Credentials? {
    let environment = environment
    let profile: SharedProfile?
    do {
      profile = try await EventLoop.shared.offload { () throws(SharedFileError) in
        try SharedProfile.load(environment: environment)
      }
    } catch {
      throw .file(error)
    }
    guard let profile else { return nil }
    let source = "profile \"\(profile.name)\""
    // A role goes before keys: as the SDKs have it, keys may be there to assume it with.
    if let identity = try WebIdentity(profile: profile, source: source) {
      return try await exchange.credentials(for: identity)
    }
    switch (profile["aws_access_key_id"], profile["aws_secret_access_key"]) {
    case (_?, nil): throw .incomplete(source: source, missing: "aws_secret_access_key")
    case (nil, _?): throw .incomplete(source: source, missing: "aws_access_key_id")
    case (let key?, let secret?):
      return Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: profile["aws_session_token"])
    case (nil, nil):
      // Signing as somebody else than the profile says would be worse than not signing.
      for setting in ["role_arn", "sso_session", "sso_start_url", "credential_process", "login_session"]
      where profile[setting] != nil {
        throw .invalid(source: source, "\(setting) is not supported; export credentials into the environment instead")
      }
      return nil
    }
  }
}
