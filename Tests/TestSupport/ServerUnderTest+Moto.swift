import AWS
import EventLoop
import Foundation

extension ServerUnderTest {
  /// moto checks signatures and permissions after its first few actions, which make the user the tests then are.
  @LoopActor static func launchMoto() async throws -> ServerUnderTest {
    if let obstacle = obstacle(to: .moto) { throw obstacle }
    let process = try ServerProcess(
      testEnvironment + "/moto_server", ["-H", "127.0.0.1", "-p", "0"],
      environment: ["INITIAL_NO_AUTH_ACTION_COUNT": "3", "PYTHONUNBUFFERED": "1"])
    let endpoint = try ServiceEndpoint(
      try await process.output { line in
        line.firstRange(of: "http://127.0.0.1:").map { String(line[$0.lowerBound...].prefix { !$0.isWhitespace }) }
      })
    let identity = IdentityService(endpoint: endpoint)
    _ = try await identity.call([("Action", "CreateUser"), ("UserName", "tests")])
    let answer = try await identity.call([("Action", "CreateAccessKey"), ("UserName", "tests")])
    let policy = #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"}]}"#
    _ = try await identity.call([
      ("Action", "PutUserPolicy"), ("UserName", "tests"), ("PolicyName", "all"), ("PolicyDocument", policy),
    ])
    identity.transport.shutdown()
    guard let key = answer["CreateAccessKeyResult"]?["AccessKey"], let id = key["AccessKeyId"]?.text,
      let secret = key["SecretAccessKey"]?.text
    else { throw Unavailable(description: "moto made no access key: \(answer)") }
    return ServerUnderTest(
      kind: .moto, endpoint: endpoint, credentials: Credentials(accessKeyID: id, secretAccessKey: secret))
  }
}

/// As much of IAM's query protocol as making a user takes.
@LoopActor private final class IdentityService {
  let transport = Transport()
  private let endpoint: ServiceEndpoint
  private var signer = SigV4(region: "us-east-1", service: "iam", rules: .generic)

  init(endpoint: ServiceEndpoint) { self.endpoint = endpoint }

  func call(_ form: [(String, String)]) async throws -> XMLTree {
    let body = Array(form.map { $0.0 + "=" + URIEncoding.encode($0.1) }.joined(separator: "&").utf8)
    var request = SigV4.Request(
      method: "POST", path: "/", query: "",
      headers: [("Host", endpoint.authority), ("Content-Type", "application/x-www-form-urlencoded")],
      payloadHash: .sha256(of: body))
    signer.sign(&request, with: Credentials(accessKeyID: "first", secretAccessKey: "first"), at: Date())
    let response = try await transport.send(
      TransportRequest(method: "POST", url: endpoint.url + "/", headers: request.headers, body: .bytes(body)))
    guard response.isSuccess else {
      throw ServerUnderTest.Unavailable(description: String(decoding: response.body, as: UTF8.self))
    }
    return try XMLTree(parsing: response.body)
  }
}
