import EventLoop

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
@LoopActor final class EnvironmentCredentials: CredentialsSource {
  let name = "environment"
  private let environment: [String: String]

  init(environment: [String: String]) { self.environment = environment }

  func fetch() async throws(CredentialsError) -> Credentials? {
    switch (environment.setting("AWS_ACCESS_KEY_ID"), environment.setting("AWS_SECRET_ACCESS_KEY")) {
    case (nil, nil): return nil
    case (_?, nil): throw .incomplete(source: name, missing: "AWS_SECRET_ACCESS_KEY")
    case (nil, _?): throw .incomplete(source: name, missing: "AWS_ACCESS_KEY_ID")
    case (let key?, let secret?):
      return Credentials(
        accessKeyID: key, secretAccessKey: secret, sessionToken: environment.setting("AWS_SESSION_TOKEN"))
    }
  }
}
