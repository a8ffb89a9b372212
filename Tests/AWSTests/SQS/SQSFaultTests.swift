import EventLoop
import FoundationEssentials
import TestSupport
import Testing

@testable import AWS

/// SQSClient against a server that fails in the ways SQS does.
@Suite("SQS when things go wrong")
struct SQSFaultTests {
  private static let queue = "https://sqs.eu-west-1.amazonaws.com/1/q"

  private func with(
    _ script: [ScriptedServer.Reply],
    _ body: @escaping @Sendable @LoopActor (ScriptedServer, SQSClient) async throws -> Void
  ) async throws {
    try await onLoop {
      let server = try ScriptedServer(script)
      let transport = Transport()
      var options = ServiceOptions()
      options.retryPolicy.backoff.base = .milliseconds(1)
      let client = try SQSClient(
        region: "eu-west-1", endpoint: ServiceEndpoint(server.url),
        credentials: FixedCredentials(Credentials(accessKeyID: "AKID", secretAccessKey: "secret")),
        transport: transport, options: options)
      defer {
        transport.shutdown()
        server.close()
      }
      try await body(server, client)
    }
  }

  private static func md5(_ text: String) -> String { Hexadecimal.encode(MessageDigest.md5.hash(text)) }

  @Test("a call is what the JSON protocol wants")
  func wire() async throws {
    try await with([ScriptedServer.ok("{\"MessageId\":\"m\",\"MD5OfMessageBody\":\"\(Self.md5("hi"))\"}")]) {
      server, client in
      let id = try await client.sendMessage(SQSOutgoingMessage("hi", delay: .milliseconds(1500)), to: Self.queue)
      #expect(id == "m")
      let request = try #require(server.requests.first)
      #expect(request.requestLine == "POST / HTTP/1.1")
      #expect(request.header("x-amz-target") == "AmazonSQS.SendMessage")
      #expect(request.header("content-type") == "application/x-amz-json-1.0")
      #expect(request.header("authorization")?.contains("/eu-west-1/sqs/aws4_request") ?? false)
      let sent = try JSONDecoder().decode(Sent.self, from: Data(request.body))
      #expect(sent == Sent(QueueUrl: Self.queue, MessageBody: "hi", DelaySeconds: 2))
    }
  }

  // swift-format-ignore: AlwaysUseLowerCamelCase
  private struct Sent: Decodable, Equatable {
    var QueueUrl: String
    var MessageBody: String
    var DelaySeconds: Int
  }

  @Test("a message whose MD5 is wrong is not taken for the one that was sent")
  func damage() async throws {
    let damaged = ScriptedServer.ok("{\"MessageId\":\"m\",\"MD5OfMessageBody\":\"\(Self.md5("ho"))\"}")
    let message = "{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"hi\",\"MD5OfBody\":\"\(Self.md5("ho"))\"}"
    try await with([damaged, ScriptedServer.ok("{\"Messages\":[\(message)]}")]) { _, client in
      for call in [
        { @LoopActor in _ = try await client.sendMessage(SQSOutgoingMessage("hi"), to: Self.queue) },
        { @LoopActor in _ = try await client.receiveMessages(from: Self.queue) },
      ] {
        await #expect {
          try await call()
        } throws: {
          if case .checksumMismatch = $0 as? AWSError { true } else { false }
        }
      }
    }
  }

  @Test("a batch's answers are put back in order, failures and damage among them")
  func batch() async throws {
    let answer = """
      {"Failed":[{"Id":"1","Code":"InternalError","Message":"no","SenderFault":false}],
       "Successful":[{"Id":"2","MessageId":"c","MD5OfMessageBody":"0"},
                     {"Id":"0","MessageId":"a","MD5OfMessageBody":"\(Self.md5("a"))"}]}
      """
    try await with([ScriptedServer.ok(answer), ScriptedServer.ok("{\"Successful\":[]}")]) { _, client in
      let messages = ["a", "b", "c"].map { SQSOutgoingMessage($0) }
      let results = try await client.sendMessages(messages, to: Self.queue)
      #expect(results.count == 3)
      #expect(results[0] == .success("a"))
      #expect(results[1] == .failure(SQSEntryFailure(code: "InternalError", message: "no", isSenderFault: false)))
      #expect(throws: SQSEntryFailure.self) { try results[2].get() }
      await #expect {
        try await client.sendMessages(messages, to: Self.queue)
      } throws: {
        if case .malformedResponse = $0 as? AWSError { true } else { false }
      }
    }
  }

  @Test(
    "errors are understood in every dialect",
    arguments: [
      ("{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\",\"message\":\"gone\"}", "", "QueueDoesNotExist"),
      (
        "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"Message\":\"no\"}", "",
        "AccessDeniedException"
      ),
      (
        "{\"message\":\"gone\"}", "x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender\r\n",
        "QueueDoesNotExist"
      ),
      ("<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>", "", "InvalidClientTokenId"),
      ("<html>", "", "HTTP400"),
    ])
  func dialects(body: String, headers: String, code: String) async throws {
    try await with([ScriptedServer.error(400, body, headers: headers + "x-amzn-requestid: R2\r\n")]) { server, client in
      await #expect {
        try await client.purgeQueue(Self.queue)
      } throws: { error in
        let error = (error as? AWSError)?.serviceError
        return error?.code == code && error?.requestID == "R2" && error?.status == 400
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test("a throttled call, and a lost one, are tried again")
  func retries() async throws {
    let throttled = ScriptedServer.error(400, "{\"__type\":\"com.amazonaws.sqs#RequestThrottled\"}")
    try await with([throttled, .resetAtHead, ScriptedServer.ok("{}")]) { server, client in
      try await client.deleteQueue(Self.queue)
      #expect(server.requests.count == 3)
    }
  }

  @Test("a success that is no JSON is an error, not an empty answer")
  func malformed() async throws {
    try await with([ScriptedServer.ok("<html>")]) { _, client in
      await #expect {
        try await client.receiveMessages(from: Self.queue)
      } throws: {
        if case .malformedResponse = $0 as? AWSError { true } else { false }
      }
    }
  }
}
