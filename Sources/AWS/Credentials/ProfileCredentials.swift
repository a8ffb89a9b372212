import EventLoop

/// The keys in the shared files, under `AWS_PROFILE` or `default`.
@LoopActor final class ProfileCredentials: CredentialsSource {
  let name = "shared files"
  private let environment: [String: String]

  init(environment: [String: String]) { self.environment = environment }

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
