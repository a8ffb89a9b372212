import FoundationEssentials

/// What STS answers with when a role has been assumed.
enum AssumedRoleDocument {
  /// The credentials in an answer of status 200.
  static func credentials(in response: MetadataResponse, source: String) throws(CredentialsError) -> Credentials {
    func refused(_ why: String) -> CredentialsError { .refused(source: source, status: response.status, why) }
    guard let document = (try? XMLTree(parsing: response.body))?.descendant("Credentials") else {
      throw refused("the answer has no credentials")
    }
    func text(_ name: String) throws(CredentialsError) -> String {
      guard let text = document[name].map({ ASCII.trimmed($0.text) })?.nonEmpty else {
        throw refused("the answer has no \(name)")
      }
      return text
    }
    let end = try text("Expiration")
    guard let expiration = try? Date(end, strategy: .iso8601) else { throw refused("the expiration is not a date") }
    return Credentials(
      accessKeyID: try text("AccessKeyId"), secretAccessKey: try text("SecretAccessKey"),
      sessionToken: try text("SessionToken"), expiration: expiration)
  }
}
