package import AWS
import EventLoop
import Foundation

extension ServerUnderTest {
  /// moto checks signatures and permissions after its first few actions, which make the user the tests then are.
  @LoopActor static func launchMoto() async throws -> ServerUnderTest {
    let endpoint = try await startMoto(uncheckedActionCount: 3)
    let identity = QueryService(
      "iam", endpoint: endpoint, credentials: Credentials(accessKeyID: "first", secretAccessKey: "first"))
    _ = try await identity.call([("Action", "CreateUser"), ("UserName", "tests")])
    let answer = try await identity.call([("Action", "CreateAccessKey"), ("UserName", "tests")])
    let actions = #"["s3:*","sqs:*","autoscaling:*"]"#
    let policy = #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":\#(actions),"Resource":"*"}]}"#
    _ = try await identity.call([
      ("Action", "PutUserPolicy"), ("UserName", "tests"), ("PolicyName", "all"), ("PolicyDocument", policy),
    ])
    identity.shutdown()
    guard let key = answer["CreateAccessKeyResult"]?["AccessKey"], let id = key["AccessKeyId"]?.text,
      let secret = key["SecretAccessKey"]?.text
    else { throw Unavailable(description: "moto made no access key: \(answer)") }
    return ServerUnderTest(
      kind: .moto, endpoint: endpoint, credentials: Credentials(accessKeyID: id, secretAccessKey: secret))
  }

  /// A moto of one's own, which lets so many actions pass before it checks signatures and permissions.
  @LoopActor package static func startMoto(uncheckedActionCount: Int) async throws -> ServiceEndpoint {
    if let obstacle = obstacle(to: .moto) { throw obstacle }
    let process = try ServerProcess(
      testEnvironment + "/moto_server", ["-H", "127.0.0.1", "-p", "0"],
      environment: ["INITIAL_NO_AUTH_ACTION_COUNT": String(uncheckedActionCount), "PYTHONUNBUFFERED": "1"])
    return try ServiceEndpoint(
      try await process.output { line in
        line.firstRange(of: "http://127.0.0.1:").map { String(line[$0.lowerBound...].prefix { !$0.isWhitespace }) }
      })
  }
}
