import EventLoop

/// The role of an EC2 instance.
@LoopActor final class InstanceCredentials: CredentialsSource {
  private static let path = "iam/security-credentials/"

  let name = InstanceMetadata.name
  private let metadata: InstanceMetadata

  init(metadata: InstanceMetadata) { self.metadata = metadata }

  func fetch() async throws(CredentialsError) -> Credentials? {
    guard let roles = try await metadata.get(Self.path) else { return nil }
    // An instance has one role; the list is a list for historical reasons.
    let role = ASCII.trimmed(roles.prefix { $0 != "\n" })
    guard !role.isEmpty, let response = try await metadata.response(to: Self.path + URIEncoding.encode(role)) else {
      return nil
    }
    return try CredentialsDocument.credentials(in: response, source: name)
  }
}
