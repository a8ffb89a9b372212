import FoundationEssentials

/// What container endpoints and instance metadata answer with.
struct CredentialsDocument: Decodable {
  private enum CodingKeys: String, CodingKey {
    case accessKeyID = "AccessKeyId"
    case secretAccessKey = "SecretAccessKey"
    case token = "Token"
    case expiration = "Expiration"
    case code = "Code"
    case message = "Message"
  }

  private let accessKeyID: String?
  private let secretAccessKey: String?
  private let token: String?
  private let expiration: String?
  private let code: String?
  private let message: String?

  /// The credentials in an answer of status 200.
  static func credentials(in response: MetadataResponse, source: String) throws(CredentialsError) -> Credentials {
    guard let document = try? JSONDecoder().decode(Self.self, from: Data(response.body)) else {
      throw .refused(source: source, status: response.status, "the answer is not a credentials document")
    }
    // Instance metadata says `Code: Success`; containers say nothing. Failures come with status 200 as well.
    if let code = document.code, code != "Success" {
      throw .refused(source: source, status: response.status, [code, document.message ?? ""].joined(separator: " "))
    }
    guard let key = document.accessKeyID, let secret = document.secretAccessKey, !key.isEmpty, !secret.isEmpty else {
      throw .refused(source: source, status: response.status, "the answer has no keys")
    }
    var expiration: Date?
    if let text = document.expiration {
      guard let date = try? Date(text, strategy: .iso8601) else {
        throw .refused(source: source, status: response.status, "the expiration is not a date")
      }
      expiration = date
    }
    return Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: document.token, expiration: expiration)
  }
}
