import AWS
import EventLoop
import Foundation
import LocalCloud
import TestSupport
import Testing

@Suite("SQS: our own client against our own server")
struct SQSClientTests {
  @Test("messages go over HTTP from send to delete, signed, in batches, with their digests verified")
  func roundTrip() async throws {
    try await withClient { client in
      let url = try await client.createQueue("jobs", attributes: ["VisibilityTimeout": "30"], tags: ["a": "b"])
      #expect(try await client.queueURL(of: "jobs") == url)
      let sent = try await client.sendMessages((0..<10).map { SQSOutgoingMessage("größer \($0)") }, to: url)
      let ids = try sent.map { try $0.get() }
      let received = try await client.receiveMessages(from: url)
      #expect(received.map(\.messageID) == ids)
      #expect(received.map(\.body) == (0..<10).map { "größer \($0)" })
      #expect(received.allSatisfy { $0.receiveCount == 1 && $0.sentAt != nil })
      try await client.changeVisibility(of: received[0].receiptHandle, to: .zero, in: url)
      let again = try await client.receiveMessages(from: url, wait: .zero)
      #expect(again.map(\.receiveCount) == [2])
      let handles = again.map(\.receiptHandle) + received.dropFirst().map(\.receiptHandle)
      for result in try await client.deleteMessages(handles, from: url) { try result.get() }
      let attributes = try await client.queueAttributes(of: url)
      #expect(attributes["ApproximateNumberOfMessages"] == "0")
      #expect(attributes["ApproximateNumberOfMessagesNotVisible"] == "0")
      try await client.deleteQueue(url)
      await #expect { _ = try await client.queueURL(of: "jobs") } throws: {
        ($0 as? AWSError)?.serviceError?.isQueueMissing ?? false
      }
    }
  }

  @Test("a long poll over HTTP is answered by the send that it waited for")
  func longPoll() async throws {
    try await withClient { client in
      let url = try await client.createQueue("answers")
      let poll = EventLoop.shared.start { try await client.receiveMessages(from: url, wait: .seconds(20)) }
      try await client.sendMessage(SQSOutgoingMessage("here"), to: url)
      #expect(try await poll.value.map(\.body) == ["here"])
    }
  }

  @Test("a client that gives up its long poll takes no message with it")
  func cancelled() async throws {
    try await withClient { client in
      let url = try await client.createQueue("answers", attributes: ["VisibilityTimeout": "43200"])
      for _ in 0..<10 {
        let poll = EventLoop.shared.start { try await client.receiveMessages(from: url, wait: .seconds(20)) }
        // Long enough for the request to be on its way; cancelled before or after it waits, the outcome is the same.
        _ = try await client.queueAttributes(of: url, ["QueueArn"])
        poll.cancel()
        _ = try? await poll.value
      }
      try await client.sendMessage(SQSOutgoingMessage("for the living"), to: url)
      #expect(try await client.receiveMessages(from: url, wait: .seconds(20)).map(\.body) == ["for the living"])
    }
  }

  private func withClient(_ body: @escaping @Sendable @LoopActor (SQSClient) async throws -> Void) async throws {
    try await onLoop {
      let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-sqs-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      let server = try await LocalCloudServer.start(LocalCloudConfiguration(port: 0, dataFolder: folder.path))
      let transport = Transport()
      do {
        try await body(
          try SQSClient(
            region: "us-east-1", endpoint: try ServiceEndpoint(server.url),
            credentials: FixedCredentials(server.credentials),
            transport: transport))
      } catch {
        transport.shutdown()
        try await server.shutdown()
        throw error
      }
      transport.shutdown()
      try await server.shutdown()
    }
  }
}
