/// A role, and the file with the token that stands for whoever may assume it.
struct WebIdentity: Sendable, Hashable {
  /// STS's own bounds ("AssumeRoleWithWebIdentity", AWS STS API Reference), in characters.
  static let roleARNLength = 20...2048
  static let sessionNameLength = 2...64
  /// The same of a token, with the white space around it.
  static let tokenByteCountMax = 20_000
  /// What CloudTrail shows when nothing else is asked for.
  static let defaultSessionName = "saccade"

  /// Who asks, for errors: "web identity", `profile "dev"`.
  let source: String
  let tokenFile: String
  let roleARN: String
  let sessionName: String

  /// From `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN`, `AWS_ROLE_SESSION_NAME`; nil without the first.
  init?(environment: [String: String], source: String) throws(CredentialsError) {
    try self.init(source: source, variable: { "AWS_" + $0.uppercased() }, value: { environment.setting($0) })
  }

  /// From `web_identity_token_file`, `role_arn`, `role_session_name`; nil without the first.
  init?(profile: SharedProfile, source: String) throws(CredentialsError) {
    try self.init(source: source, variable: { $0 }, value: { profile[$0] })
  }

  private init?(
    source: String, variable: (String) -> String, value: (String) -> String?
  ) throws(CredentialsError) {
    guard let tokenFile = value(variable("web_identity_token_file")) else { return nil }
    let roleVariable = variable("role_arn")
    guard let roleARN = value(roleVariable) else { throw .incomplete(source: source, missing: roleVariable) }
    guard Self.isARN(roleARN) else { throw .invalid(source: source, "\(roleVariable) is not the ARN of a role") }
    let sessionVariable = variable("role_session_name")
    let sessionName = value(sessionVariable) ?? Self.defaultSessionName
    guard Self.isSessionName(sessionName) else {
      throw .invalid(source: source, "\(sessionVariable) is not 2 to 64 letters, digits and _+=,.@-")
    }
    self.source = source
    self.tokenFile = tokenFile
    self.roleARN = roleARN
    self.sessionName = sessionName
  }

  /// The token as it is now. Blocks on the file.
  func readToken() throws(SharedFileError) -> String {
    guard let text = try SharedFileReader.read(tokenFile, byteCountMax: Self.tokenByteCountMax) else {
      throw .unreadable(path: tokenFile, "no such file")
    }
    let token = ASCII.trimmed(text)
    guard !token.isEmpty else { throw .unreadable(path: tokenFile, "holds no token") }
    guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .unreadable(path: tokenFile, "holds something else than one token")
    }
    return token
  }

  private static func isARN(_ text: String) -> Bool {
    text.hasPrefix("arn:") && roleARNLength.contains(text.utf8.count)
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  private static func isSessionName(_ text: String) -> Bool {
    sessionNameLength.contains(text.utf8.count)
      && text.utf8.allSatisfy { ($0 != UInt8(ascii: "~") && URIEncoding.isUnreserved($0)) || "+=,@".utf8.contains($0) }
  }
}
