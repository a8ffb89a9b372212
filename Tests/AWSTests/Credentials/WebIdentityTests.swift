import EventLoop
import Foundation
import TestSupport
import Testing

@testable import AWS

@Suite("a role assumed with a web identity")
struct WebIdentityTests {
  private static let start = Date(timeIntervalSince1970: 1_700_000_000)
  private static let role = "arn:aws:iam::123456789012:role/web"

  /// What STS answers with; the times it sends have no fraction of a second, those of others do.
  private static func document(_ key: String, expires: String) -> String {
    """
    <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <AssumeRoleWithWebIdentityResult>
        <SubjectFromWebIdentityToken>system:serviceaccount:saccade:saccade-web</SubjectFromWebIdentityToken>
        <Credentials>
          <AccessKeyId>\(key)</AccessKeyId>
          <SecretAccessKey>secret/of+\(key)</SecretAccessKey>
          <SessionToken>token of \(key)</SessionToken>
          <Expiration>\(expires)</Expiration>
        </Credentials>
      </AssumeRoleWithWebIdentityResult>
      <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>
    </AssumeRoleWithWebIdentityResponse>
    """
  }

  private static func document(_ key: String, expires: Date) -> String {
    document(key, expires: expires.formatted(.iso8601))
  }

  private static func refusal(_ code: String, _ message: String) -> String {
    """
    <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>\
    <Code>\(code)</Code><Message>\(message)</Message></Error><RequestId>r-1</RequestId></ErrorResponse>
    """
  }

  /// The field of a request's form.
  private static func field(_ name: String, of request: MetadataServer.Request) -> String? {
    let pair = request.body.split(separator: "&").first { $0.hasPrefix(name + "=") }
    return pair.flatMap { URIEncoding.decode($0.dropFirst(name.count + 1)) }
  }

  private static func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// An STS that always answers so, and a token file that holds "token-1".
  private func withService(
    _ reply: MetadataServer.Reply, _ body: @escaping @Sendable @LoopActor (Service) async throws -> Void
  ) async throws {
    let handler: MetadataServer.Handler = { _ in reply }
    try await withService(answeringBy: handler, body)
  }

  private func withService(
    answeringBy handler: @escaping MetadataServer.Handler,
    _ body: @escaping @Sendable @LoopActor (Service) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      try Self.write("token-1\n", to: folder + "/token")
      try await onLoop {
        try await withMetadataServer(handler) { server, transport in
          try await body(Service(server: server, transport: transport, folder: folder))
        }
      }
    }
  }

  @LoopActor private struct Service {
    let server: MetadataServer
    let transport: Transport
    let folder: String
    let clock = SettableClock(WebIdentityTests.start)

    var tokenFile: String { folder + "/token" }

    func environment(_ changes: [String: String] = [:]) -> [String: String] {
      [
        "AWS_WEB_IDENTITY_TOKEN_FILE": tokenFile, "AWS_ROLE_ARN": WebIdentityTests.role, "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL_STS": server.url, "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": folder + "/credentials", "AWS_CONFIG_FILE": folder + "/config",
      ].merging(changes) { $1 }
    }

    func chain(_ changes: [String: String] = [:]) -> CredentialsChain {
      let environment = environment(changes)
      var retryPolicy = RetryPolicy()
      retryPolicy.backoff.base = .zero
      let exchange = WebIdentityExchange(
        environment: environment, metadata: transport, retryPolicy: retryPolicy)
      return CredentialsChain(
        sources: [
          WebIdentityCredentials(environment: environment, exchange: exchange),
          ProfileCredentials(environment: environment, exchange: exchange),
        ], now: { [clock] in clock.now })
    }
  }

  @Test("the token and the role go to STS in an unsigned form; the answer is what is signed with")
  func story() async throws {
    let answer = Self.document("K", expires: Self.start + 3600)
    try await withService(.ok(answer)) { service in
      let chain = service.chain()
      #expect(
        try await chain.credentials()
          == Credentials(
            accessKeyID: "K", secretAccessKey: "secret/of+K", sessionToken: "token of K",
            expiration: Self.start + 3600))
      #expect(chain.sourceName == "web identity")
      let request = try #require(service.server.requests.first)
      #expect(request.line == "POST /")
      #expect(request.headers["content-type"]?.hasPrefix("application/x-www-form-urlencoded") ?? false)
      #expect(request.headers["authorization"] == nil)
      #expect(
        request.body == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
          + "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fweb&RoleSessionName=saccade&DurationSeconds=3600"
          + "&WebIdentityToken=token-1")
      _ = try await service.chain(["AWS_ROLE_SESSION_NAME": "pod_7+a=b,c.d@e-f"]).credentials()
      let named = try #require(service.server.requests.last)
      #expect(Self.field("RoleSessionName", of: named) == "pod_7+a=b,c.d@e-f")
      #expect(service.server.requests.count == 2)
    }
  }

  @Test("without an endpoint of its own it is the region's, over TLS and through the proxy if there is one")
  func endpoint() async throws {
    @LoopActor final class Recorder: MetadataFetching {
      var requests: [MetadataRequest] = []
      func fetch(_ request: MetadataRequest) async throws(MetadataError) -> MetadataResponse {
        requests.append(request)
        let answer = WebIdentityTests.document("K", expires: WebIdentityTests.start + 3600)
        return MetadataResponse(status: 200, body: Array(answer.utf8))
      }
    }
    try await withService(.status(500, "")) { service in
      let recorder = Recorder()
      var environment = service.environment(["AWS_ENDPOINT_URL_STS": ""])
      let chain = CredentialsChain(environment: environment, metadata: recorder, now: { Self.start })
      try await expectKey("K", from: chain)
      let request = try #require(recorder.requests.first)
      #expect(request.url == "https://sts.eu-west-1.amazonaws.com/")
      #expect(!request.bypassesProxy)
      #expect(recorder.requests.count == 1)
      environment["AWS_REGION"] = nil
      let nowhere = CredentialsChain(environment: environment, metadata: recorder, now: { Self.start })
      let regionMissing = CredentialsError.invalid(
        source: "web identity", AWSConfigurationError.regionMissing.description)
      await #expect(throws: regionMissing) { try await nowhere.credentials() }
      #expect(recorder.requests.count == 1)
    }
  }

  @Test("it goes after the keys of the environment and before the files; a role without a token file is not meant")
  func order() async throws {
    let answer = Self.document("W", expires: Date(timeIntervalSinceNow: 3600))
    try await withService(.ok(answer)) { service in
      try Self.write(
        "[default]\naws_access_key_id = F\naws_secret_access_key = f\n", to: service.folder + "/credentials")
      @LoopActor func chain(_ changes: [String: String]) -> CredentialsChain {
        CredentialsChain(environment: service.environment(changes), metadata: service.transport)
      }
      try await expectKey("E", from: chain(["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e"]))
      #expect(service.server.requests.isEmpty)
      try await expectKey("W", from: chain([:]))
      #expect(service.server.requests.count == 1)
      try await expectKey("F", from: chain(["AWS_WEB_IDENTITY_TOKEN_FILE": ""]))
      #expect(service.server.requests.count == 1)
    }
  }

  @Test("credentials are replaced before they end, with the token that the file holds by then")
  func rotation() async throws {
    let clock = SettableClock(Self.start)
    let handler: MetadataServer.Handler = { request in
      .ok(Self.document(Self.field("WebIdentityToken", of: request) ?? "", expires: clock.now + 3600))
    }
    try await withService(answeringBy: handler) { service in
      let chain = CredentialsChain(
        environment: service.environment(), metadata: service.transport, now: { clock.now })
      try await expectKey("token-1", from: chain)
      try Self.write("token-2", to: service.tokenFile)
      clock.advance(seconds: 3299)
      try await expectKey("token-1", from: chain)
      #expect(service.server.requests.count == 1)
      // A minute before the end whoever asks waits for the new ones.
      clock.advance(seconds: 241)
      try await expectKey("token-2", from: chain)
      #expect(service.server.requests.count == 2)
      // The old ones serve for as long as they are good, and no longer.
      try FileManager.default.removeItem(atPath: service.tokenFile)
      clock.advance(seconds: 3599)
      try await expectKey("token-2", from: chain)
      clock.advance(seconds: 1)
      let missing = CredentialsError.file(.unreadable(path: service.tokenFile, "no such file"))
      await #expect(throws: missing) { try await chain.credentials() }
      try Self.write("token-3", to: service.tokenFile)
      try await expectKey("token-3", from: chain)
      #expect(service.server.requests.count == 3)
    }
  }

  @Test("a token that is replaced between two attempts is replaced for the second")
  func rotationBetweenAttempts() async throws {
    try await withTemporaryFolder { other in
      let answer = Self.document("K", expires: Self.start + 3600)
      let handler: MetadataServer.Handler = { request in
        if Self.field("WebIdentityToken", of: request) == "token-2" { return .ok(answer) }
        guard let path = try? String(contentsOfFile: other + "/path", encoding: .utf8) else { return .reset }
        try? Self.write("token-2", to: path)
        return .status(400, Self.refusal("InvalidIdentityToken", "the key is not known yet"))
      }
      try await withService(answeringBy: handler) { service in
        try Self.write(service.tokenFile, to: other + "/path")
        try await expectKey("K", from: service.chain())
        #expect(service.server.requests.count == 2)
      }
    }
  }

  @Test("a file without a token is named, and STS is not asked")
  func tokenFiles() async throws {
    try await withService(.status(500, "")) { service in
      let longest = WebIdentity.tokenByteCountMax
      let cases = [
        ("", "holds no token"), (" \n", "holds no token"), ("a b", "holds something else than one token"),
        ("a\nb", "holds something else than one token"), ("ä", "holds something else than one token"),
        (String(repeating: "x", count: longest + 1), "larger than \(longest) bytes"),
      ]
      for (text, why) in cases {
        try Self.write(text, to: service.tokenFile)
        let error = CredentialsError.file(.unreadable(path: service.tokenFile, why))
        await #expect(throws: error) { try await service.chain().credentials() }
      }
      let none = service.folder + "/none"
      await #expect(throws: CredentialsError.file(.unreadable(path: none, "no such file"))) {
        try await service.chain(["AWS_WEB_IDENTITY_TOKEN_FILE": none]).credentials()
      }
      for path in [service.folder, "/dev/zero"] {
        do {
          _ = try await service.chain(["AWS_WEB_IDENTITY_TOKEN_FILE": path]).credentials()
          Issue.record("\(path) was taken for a token")
        } catch CredentialsError.file(.unreadable(let named, _)) {
          #expect(named == path)
        }
      }
      #expect(service.server.requests.isEmpty)
      try Self.write(String(repeating: "x", count: longest), to: service.tokenFile)
      await #expect(throws: CredentialsError.self) { try await service.chain().credentials() }
      #expect(service.server.requests.first.flatMap { Self.field("WebIdentityToken", of: $0) }?.utf8.count == longest)
    }
  }

  @Test("a setting that is missing or makes no sense is named, and STS is not asked")
  func settings() async throws {
    try await withService(.status(500, "")) { service in
      await #expect(throws: CredentialsError.incomplete(source: "web identity", missing: "AWS_ROLE_ARN")) {
        try await service.chain(["AWS_ROLE_ARN": ""]).credentials()
      }
      let roles = ["web", "arn:aws:iam::1:role", Self.role + " ", Self.role + "é", Self.role + repeated("x", 2048)]
      for role in roles {
        await #expect(
          throws: CredentialsError.invalid(source: "web identity", "AWS_ROLE_ARN is not the ARN of a role"), "\(role)"
        ) {
          try await service.chain(["AWS_ROLE_ARN": role]).credentials()
        }
      }
      for name in ["x", repeated("x", 65), "a b", "a/b", "a~b", "é!"] {
        do {
          _ = try await service.chain(["AWS_ROLE_SESSION_NAME": name]).credentials()
          Issue.record("\(name) was taken for a session's name")
        } catch CredentialsError.invalid(let source, let why) {
          #expect(source == "web identity" && why.hasPrefix("AWS_ROLE_SESSION_NAME "))
        }
      }
      #expect(service.server.requests.isEmpty)
    }
  }

  private func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  @Test(
    "what STS refuses is said in its words; what may pass is tried three times, the rest once",
    arguments: [
      (400, "ExpiredTokenException", 1), (403, "AccessDenied", 1), (400, "ValidationError", 1),
      (403, "IDPRejectedClaim", 1), (400, "IDPCommunicationError", 3), (400, "InvalidIdentityToken", 3),
      (400, "Throttling", 3), (500, "InternalFailure", 3), (503, "ServiceUnavailable", 3),
    ])
  func refusals(status: Int, code: String, count: Int) async throws {
    try await withService(.status(status, Self.refusal(code, "not &lt;this&gt; one"))) { service in
      let error = CredentialsError.refused(
        source: "web identity", status: status,
        "\(code): not <this> one (role \(Self.role), token of \(service.tokenFile))")
      await #expect(throws: error) { try await service.chain().credentials() }
      #expect(service.server.lines == Array(repeating: "POST /", count: count))
    }
  }

  @Test("what is not STS is quoted, a long message cut; a connection that is lost is tried again")
  func others() async throws {
    let answers = [(502, " <html>bad gateway", 3), (404, "no such page ", 1), (403, "", 1)]
    for (status, body, count) in answers {
      try await withService(.status(status, body)) { service in
        let quoted = body.trimmingCharacters(in: .whitespaces)
        let error = CredentialsError.refused(
          source: "web identity", status: status,
          "HTTP\(status): \(quoted) (role \(Self.role), token of \(service.tokenFile))")
        await #expect(throws: error) { try await service.chain().credentials() }
        #expect(service.server.requests.count == count)
      }
    }
    let long = Self.refusal("AccessDenied", repeated("x", 10_000))
    try await withService(.status(403, long)) { service in
      do {
        _ = try await service.chain().credentials()
        Issue.record("a refusal was taken for credentials")
      } catch CredentialsError.refused(_, _, let why) {
        #expect(why.hasPrefix("AccessDenied: " + repeated("x", 200) + " (role "))
      }
    }
    try await withService(.reset) { service in
      do {
        _ = try await service.chain().credentials()
        Issue.record("credentials from a dead service")
      } catch CredentialsError.unreachable(let source, let why) {
        #expect(source == "web identity" && why.hasPrefix(service.server.url))
      }
      #expect(service.server.requests.count == 3)
    }
  }

  @Test("an answer that is no credentials document, or a large one, is an error")
  func documents() async throws {
    let whole = Self.document("K", expires: "2023-11-14T23:00:00Z")
    var wrong = [
      "", "no XML", "<Credentials>", whole + "x", Self.document("K", expires: "soon"), Self.document("", expires: "x"),
    ]
    for name in ["Credentials", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"] {
      wrong.append(whole.replacing("<\(name)>", with: "<Other>").replacing("</\(name)>", with: "</Other>"))
    }
    for document in wrong {
      try await withService(.ok(document)) { service in
        do {
          _ = try await service.chain().credentials()
          Issue.record("accepted \(document)")
        } catch CredentialsError.refused(let source, let status, _) {
          #expect(source == "web identity" && status == 200)
        }
        #expect(service.server.requests.count == 1)
      }
    }
    let large = whole + repeated(" ", MetadataRequest.byteCountMax)
    try await withService(.ok(large)) { service in
      do {
        _ = try await service.chain().credentials()
        Issue.record("an answer without a bound")
      } catch CredentialsError.unreachable(_, let why) {
        #expect(why.contains("larger than \(MetadataRequest.byteCountMax) bytes"))
      }
    }
  }

  @Test("times with and without a fraction are read; credentials that have ended are an error")
  func expiration() async throws {
    for text in ["2023-11-14T23:00:00Z", "2023-11-14T23:00:00.250Z"] {
      try await withService(.ok(Self.document("K", expires: text))) { service in
        let end = try #require(try await service.chain().credentials().expiration)
        #expect(abs(end.timeIntervalSince1970 - 1_700_002_800) < 1)
        service.clock.now = Self.start + 2801
        await #expect(throws: CredentialsError.expired(source: "web identity")) {
          try await service.chain().credentials()
        }
      }
    }
  }

  @Test("a profile may name role and token file, and STS's endpoint; its keys come after them")
  func profile() async throws {
    let answer = Self.document("P", expires: Self.start + 3600)
    try await withService(.ok(answer)) { service in
      let changes = [
        "AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_ROLE_ARN": "", "AWS_ENDPOINT_URL_STS": "", "AWS_PROFILE": "pods",
      ]
      let rest = """
        role_session_name = from-a-file
        services = local
        [services local]
        sts =
          endpoint_url = \(service.server.url)/sts/
        """
      let start = "[profile pods]\nweb_identity_token_file = \(service.tokenFile)\n"
      try Self.write("[pods]\naws_access_key_id = F\naws_secret_access_key = f\n", to: service.folder + "/credentials")
      try Self.write(start + "role_arn = \(Self.role)\n" + rest, to: service.folder + "/config")
      let chain = service.chain(changes)
      try await expectKey("P", from: chain)
      #expect(chain.sourceName == "shared files")
      let request = try #require(service.server.requests.first)
      #expect(request.line == "POST /sts/")
      #expect(Self.field("RoleSessionName", of: request) == "from-a-file")
      #expect(Self.field("RoleArn", of: request) == Self.role)

      try Self.write(start + rest, to: service.folder + "/config")
      await #expect(throws: CredentialsError.incomplete(source: "profile \"pods\"", missing: "role_arn")) {
        try await service.chain(changes).credentials()
      }
      #expect(service.server.requests.count == 1)
    }
  }

  @Test(
    "moto's STS hands out credentials that its S3 takes, and for the role's rights only",
    .enabled(if: ServerUnderTest.obstacle(to: .moto) == nil, "needs moto"))
  func moto() async throws {
    try await withTemporaryFolder { folder in
      try Self.write("header.payload.signature\n", to: folder + "/token")
      try await onLoop {
        // It would ask for STS's signature as well, so it checks what comes after the three actions here.
        let endpoint = try await ServerUnderTest.startMoto(uncheckedActionCount: 3)
        let nobody = Credentials(accessKeyID: "nobody", secretAccessKey: "nobody")
        let identity = QueryService("iam", endpoint: endpoint, credentials: nobody)
        defer { identity.shutdown() }
        let name = "web-\(UUID().uuidString.prefix(8))"
        let role = try await identity.call([
          ("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", #"{"Version":"2012-10-17"}"#),
        ])
        let allowed = #"{"Effect":"Allow","Action":["s3:CreateBucket","s3:DeleteBucket"],"Resource":"*"}"#
        _ = try await identity.call([
          ("Action", "PutRolePolicy"), ("RoleName", name), ("PolicyName", "buckets"),
          ("PolicyDocument", #"{"Version":"2012-10-17","Statement":[\#(allowed)]}"#),
        ])
        let clients = try await AWSClients.fromEnvironment([
          "AWS_ENDPOINT_URL": endpoint.url, "AWS_REGION": "us-east-1",
          "AWS_WEB_IDENTITY_TOKEN_FILE": folder + "/token",
          "AWS_ROLE_ARN": try #require(role.descendant("Arn")?.text),
        ])
        defer { clients.shutdown() }
        try await clients.s3.createBucket(name.lowercased())
        await Contract.expectRefusal(["AccessDenied"]) { _ = try await clients.sqs.listQueues() }
        try await clients.s3.deleteBucket(name.lowercased())
      }
    }
  }
}
