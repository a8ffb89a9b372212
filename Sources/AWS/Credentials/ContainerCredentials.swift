import EventLoop

/// The credentials endpoint of a container: ECS tasks (relative URI), EKS Pod Identity and others (full URI).
///
/// Reference: AWS SDKs and Tools Reference Guide, "Container credential provider".
@LoopActor final class ContainerCredentials: CredentialsSource {
  /// The endpoint is on the same machine; the SDKs allow it a second as well.
  static let timeout: Duration = .seconds(1)
  static let attemptCountMax = 3
  private static let relativeHost = "http://169.254.170.2"

  let name = "container endpoint"
  private let environment: [String: String]
  private let metadata: any MetadataFetching

  init(environment: [String: String], metadata: any MetadataFetching) {
    self.environment = environment
    self.metadata = metadata
  }

  func fetch() async throws(CredentialsError) -> Credentials? {
    guard let url = try endpoint() else { return nil }
    var failure = CredentialsError.unreachable(source: name, "no attempt was made")
    for _ in 0..<Self.attemptCountMax {
      // Read again every time: the file's token is replaced before it expires.
      let headers = try await authorization().map { [(name: "Authorization", value: $0)] } ?? []
      let response: MetadataResponse
      do {
        response = try await metadata.fetch(MetadataRequest(url: url, headers: headers, timeout: Self.timeout))
      } catch {
        failure = .unreachable(source: name, error.reason)
        continue
      }
      if response.status == 200 { return try CredentialsDocument.credentials(in: response, source: name) }
      failure = .refused(source: name, status: response.status, response.excerpt)
      guard response.status >= 500 || response.status == 429 else { break }
    }
    throw failure
  }

  private func endpoint() throws(CredentialsError) -> String? {
    if let path = environment.setting("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
      guard path.hasPrefix("/") else {
        throw .invalid(source: name, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with \"/\"")
      }
      return Self.relativeHost + path
    }
    guard let url = environment.setting("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
    guard ContainerEndpointRule.allows(url) else {
      throw .invalid(
        source: name,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http on this machine, 169.254.170.2 or 169.254.170.23")
    }
    return url
  }

  private func authorization() async throws(CredentialsError) -> String? {
    let token: String
    if let path = environment.setting("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
      let text: String?
      do {
        text = try await EventLoop.shared.offload { () throws(SharedFileError) in try SharedFileReader.read(path) }
      } catch {
        throw .file(error)
      }
      guard let text else { throw .file(.unreadable(path: path, "no such file")) }
      token = ASCII.trimmed(text)
    } else if let text = environment.setting("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
      token = text
    } else {
      return nil
    }
    guard token.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw .invalid(source: name, "the authorization token holds line breaks or control characters")
    }
    return token
  }
}
