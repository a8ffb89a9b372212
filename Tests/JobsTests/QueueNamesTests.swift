import Jobs
import Testing

@Suite("Queue names and whom a worker answers")
struct QueueNamesTests {
  static let own = "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-requests"

  @Test("the names of the design")
  func names() throws {
    let names = try QueueNames(prefix: "saccade")
    #expect(names.requests == "saccade-requests")
    #expect(names.dead == "saccade-dead")
    #expect(try names.replies(nodeID: "i-0abc_1") == "saccade-replies-i-0abc_1")
    #expect(names.isReplyQueue("saccade-replies-i-0abc_1"))
  }

  @Test("the longest names are no longer than SQS allows", arguments: [31])
  func longest(count: Int) throws {
    let names = try QueueNames(prefix: String(repeating: "p", count: count))
    let replies = try names.replies(nodeID: String(repeating: "n", count: 40))
    #expect(replies.utf8.count == QueueNames.nameByteCountMax)
    #expect(throws: QueueNames.Malformed.prefix) { try QueueNames(prefix: String(repeating: "p", count: count + 1)) }
    #expect(throws: QueueNames.Malformed.nodeID) { try names.replies(nodeID: String(repeating: "n", count: 41)) }
  }

  @Test("characters that a queue's name may not have are refused", arguments: ["", "a.b", "a/b", "a b", "é", "a\n"])
  func characters(text: String) throws {
    #expect(throws: QueueNames.Malformed.prefix) { try QueueNames(prefix: text) }
    let names = try QueueNames(prefix: "saccade")
    #expect(throws: QueueNames.Malformed.nodeID) { try names.replies(nodeID: text) }
    #expect(!names.isReplyQueue("saccade-replies-" + text))
  }

  @Test(
    "a worker answers its own deployment's reply queues, however the same URL is spelt",
    arguments: [
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-web1",
      "HTTPS://SQS.eu-north-1.amazonaws.com:443/123456789012/saccade-replies-web1",
    ])
  func allowed(url: String) throws {
    let policy = try ReplyQueuePolicy(requestQueueURL: Self.own, names: QueueNames(prefix: "saccade"))
    #expect(policy.allows(url))
  }

  @Test(
    "a worker answers nobody else",
    arguments: [
      "", "saccade-replies-a", "/123456789012/saccade-replies-a",
      "http://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com:444/123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com./123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com.evil.example/123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com@evil.example/123456789012/saccade-replies-a",
      "https://evil.example/https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com\\@evil.example/123456789012/saccade-replies-a",
      "https://sqs.us-east-1.amazonaws.com/123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/210987654321/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/../210987654321/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/x/../saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012//saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/./saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/%2e%2e/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/x/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-requests",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-dead",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade2-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/Saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/x-saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-a/",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-a?x",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-a#x",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-a.fifo",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-\u{430}",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-a ",
      " https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-a\r\nX: y",
      "https://sqs.eu-north-1.amazonaws.com/123456789012/saccade-replies-" + String(repeating: "a", count: 41),
      "https:///123456789012/saccade-replies-a", "https://:443/123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com:/123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com:0/123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com:443:443/123456789012/saccade-replies-a",
      "https://sqs.eu-north-1.amazonaws.com:+443/123456789012/saccade-replies-a",
      "file:///123456789012/saccade-replies-a",
    ])
  func refused(url: String) throws {
    let policy = try ReplyQueuePolicy(requestQueueURL: Self.own, names: QueueNames(prefix: "saccade"))
    #expect(!policy.allows(url))
  }

  @Test("the queues of other servers, with ports, addresses and longer paths")
  func otherServers() throws {
    for base in ["http://127.0.0.1:9324/000000000000/", "http://[::1]:9324/000000000000/", "http://localhost/queue/"] {
      let policy = try ReplyQueuePolicy(
        requestQueueURL: base + "saccade-requests", names: QueueNames(prefix: "saccade"))
      #expect(policy.allows(base + "saccade-replies-a"))
      #expect(!policy.allows(Self.own.replacing("requests", with: "replies-a")))
    }
  }

  @Test("a URL comes apart")
  func parts() throws {
    let url = try QueueURL("http://LocalHost:9324/queue/1/name")
    #expect(url.scheme == "http")
    #expect(url.host == "localhost")
    #expect(url.port == 9324)
    #expect(url.accountPath == "/queue/1/")
    #expect(url.name == "name")
    #expect(try QueueURL("https://h/n").port == 443)
    #expect(try QueueURL("http://[::1]/n").host == "[::1]")
    #expect(throws: QueueURL.Malformed.self) { try QueueURL("http://[::1/n") }
    #expect(throws: QueueURL.Malformed.self) { try QueueURL("http://h/" + String(repeating: "n", count: 1024)) }
  }
}
