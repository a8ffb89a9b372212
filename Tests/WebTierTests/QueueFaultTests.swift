import AWS
import EventLoop
import Foundation
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  /// SQS fails in every way that it and networks do; S3 is well.
  @Suite("When queues fail")
  struct QueueFaultTests {
    private static let server = Bench.servers.filter { $0 == .localCloud }

    enum Fault: CaseIterable {
      case refused, reset, answerLost

      var fate: CallRelay.Fate {
        switch self {
        case .refused: .refuse
        case .reset: .reset(afterByteCount: 0)
        case .answerLost: .loseAnswer
        }
      }
    }

    private static var setting: Bench.Setting {
      var setting = Bench.Setting()
      setting.limits.removalPause = .milliseconds(20)
      setting.limits.removalSettleDuration = .milliseconds(50)
      return setting
    }

    private static func post(_ name: String) -> [UInt8] {
      Request.post(Form.file(photograph(2000), name: name + ".jpg"))
    }

    /// Clients that have sent an image each and wait.
    @LoopActor private static func upload(_ bench: Bench, _ names: [String]) async throws -> [Client] {
      var clients: [Client] = []
      for name in names {
        let client = try await bench.connect()
        client.send(post(name))
        clients.append(client)
      }
      return clients
    }

    /// What comes next on a connection is the answer to what is asked next: nothing was answered twice.
    @LoopActor private static func expectNoMore(_ client: Client) async throws {
      client.send(Request.head("GET", "/healthz", ""))
      let response = try await client.response()
      #expect(response.status == 200 && response.headers["content-type"]?.hasPrefix("text/plain") == true)
      client.close()
    }

    /// Every client has its own label, once.
    @LoopActor private static func expectLabels(_ clients: [Client], _ names: [String]) async throws {
      for (client, name) in zip(clients, names) {
        let response = try await client.response()
        #expect(response.status == 200, "\(response.text)")
        #expect(response.member("label") == name)
        try await expectNoMore(client)
      }
    }

    @Test("a call that fails once is made again, and each client is answered once", arguments: server, Fault.allCases)
    func sendOnce(server: ServerUnderTest.Kind, fault: Fault) async throws {
      try await Bench.with(server, Self.setting) { bench in
        bench.queueCalls.decide = { [weak calls = bench.queueCalls] call in
          call.operation == "SendMessageBatch" && calls?.faultCount == 0 ? fault.fate : .pass
        }
        let names = (0..<15).map { "n\($0)" }
        try await Self.expectLabels(try await Self.upload(bench, names), names)
        #expect(bench.queueCalls.faultCount == 1)
        // What SQS had heard already comes twice.
        #expect(Set(bench.worker.works.map(\.job.name)) == Set(names.map { $0 + ".jpg" }))
        #expect(fault == .answerLost || bench.worker.works.count == names.count)
        try await bench.isTidy()
        #expect(try await bench.storedKeys().count == names.count)
      }
    }

    @Test(
      "while no call succeeds clients get 503 and their images are removed; afterwards all is well", arguments: server,
      Fault.allCases)
    func send(server: ServerUnderTest.Kind, fault: Fault) async throws {
      try await Bench.with(server, Self.setting) { bench in
        bench.queueCalls.decide = { $0.operation == "SendMessageBatch" ? fault.fate : .pass }
        let clients = try await Self.upload(bench, ["a", "b", "c"])
        for client in clients {
          let response = try await client.response()
          #expect(response.status == 503)
          #expect(response.code == "queue-unavailable")
          #expect(response.headers["retry-after"] == "2")
        }
        try await bench.isTidy()
        try await bench.isEmptied()
        bench.queueCalls.decide = { _ in .pass }
        // On the same connections, on which an answer to the refused ones would be taken for theirs.
        for (client, name) in zip(clients, ["d", "e", "f"]) {
          client.send(Self.post(name))
          #expect(try await client.response().member("label") == name)
          try await Self.expectNoMore(client)
        }
        #expect(try await bench.storedKeys().count == 3)
        if fault != .answerLost { #expect(bench.worker.works.map(\.job.name) == ["d.jpg", "e.jpg", "f.jpg"]) }
      }
    }

    private struct Batch: Decodable {
      struct Entry: Decodable {
        let id: String
        let body: String

        private enum CodingKeys: String, CodingKey {
          case id = "Id"
          case body = "MessageBody"
        }
      }
      let queueURL: String
      let entries: [Entry]

      private enum CodingKeys: String, CodingKey {
        case queueURL = "QueueUrl"
        case entries = "Entries"
      }
    }

    /// Answers a SendMessageBatch as SQS does that does not take the entries of some images.
    /// - Parameter isRefused: Asked with an image's name.
    @LoopActor private static func takePart(
      of body: [UInt8], _ bench: Bench, isSenderFault: Bool, _ isRefused: (String) -> Bool
    ) async throws -> [UInt8] {
      let batch = try JSONDecoder().decode(Batch.self, from: Data(body))
      var (successes, failures): ([[String: Any]], [[String: Any]]) = ([], [])
      for entry in batch.entries {
        if isRefused(try ClassificationJob(decoding: entry.body.utf8).name) {
          failures.append([
            "Id": entry.id, "Code": "InternalError", "Message": "not this one", "SenderFault": isSenderFault,
          ])
        } else {
          let id = try await bench.clients.sqs.sendMessage(SQSOutgoingMessage(entry.body), to: batch.queueURL)
          let digest = Hexadecimal.encode(MessageDigest.md5.hash(entry.body))
          successes.append(["Id": entry.id, "MessageId": id, "MD5OfMessageBody": digest])
        }
      }
      return Array(try JSONSerialization.data(withJSONObject: ["Successful": successes, "Failed": failures]))
    }

    /// Has one image's call under way until as many as fill the next one wait behind it.
    @LoopActor private static func upload(
      _ bench: Bench, _ names: [String], thenEachCall fate: @escaping @LoopActor (_ number: Int) -> CallRelay.Fate
    ) async throws -> [Client] {
      var callCount = 0
      bench.queueCalls.decide = { call in
        guard call.operation == "SendMessageBatch" else { return .pass }
        callCount += 1
        return callCount == 1 ? .holdAnswer : fate(callCount - 1)
      }
      var clients = try await upload(bench, [names[0]])
      _ = await bench.worker.work(1)
      clients += try await upload(bench, Array(names[1...]))
      // Nine wait behind the first; a tenth would go at once.
      try await bench.wait(for: "saccade_queued_jobs") { $0 == names.count - 1 }
      bench.queueCalls.passHeldAnswers()
      return clients
    }

    private static let names = (0..<10).map { "n\($0)" }
    private static func isOdd(_ name: String) -> Bool {
      ["1", "3", "5", "7", "9"].contains(name.dropFirst().prefix(1))
    }

    @Test("of a batch those entries are sent again that SQS did not take, and no others", arguments: server)
    func partialFailure(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, Self.setting) { bench in
        let clients = try await Self.upload(bench, Self.names) { number in
          guard number <= 2 else { return .pass }
          // Three times is as often as an entry is sent.
          return .answer { [unowned bench] body in
            try await Self.takePart(of: body, bench, isSenderFault: false) { number == 1 ? Self.isOdd($0) : true }
          }
        }
        try await Self.expectLabels(clients, Self.names)
        #expect(bench.worker.works.count == Self.names.count)
        #expect(bench.queueCalls.faultCount == 3)
        try await bench.isTidy()
        #expect(try await bench.storedKeys().count == Self.names.count)
      }
    }

    @Test(
      "whose entry SQS does not take, whether for its own fault or again and again, gets 503; all others their labels",
      arguments: server, [true, false])
    func lastingPartialFailure(server: ServerUnderTest.Kind, isSenderFault: Bool) async throws {
      try await Bench.with(server, Self.setting) { bench in
        let clients = try await Self.upload(bench, Self.names) { _ in
          .answer { [unowned bench] body in
            try await Self.takePart(of: body, bench, isSenderFault: isSenderFault, Self.isOdd)
          }
        }
        for (client, name) in zip(clients, Self.names) {
          let response = try await client.response()
          if Self.isOdd(name) {
            #expect(response.status == 503 && response.code == "queue-unavailable", "\(response.text)")
          } else {
            #expect(response.member("label") == name, "\(response.text)")
          }
          try await Self.expectNoMore(client)
        }
        #expect(bench.queueCalls.faultCount == (isSenderFault ? 2 : 4))
        try await bench.isTidy()
        let stored = try await bench.storedKeys().map { String($0.drop { $0 != "/" }.dropFirst()) }
        #expect(Set(stored) == Set(Self.names.filter { !Self.isOdd($0) }.map { $0 + ".jpg" }))
        #expect(stored.count == 5)
      }
    }

    @Test(
      "answers that cannot be received for a while come later, each to its client", arguments: server, Fault.allCases)
    func receive(server: ServerUnderTest.Kind, fault: Fault) async throws {
      try await Bench.with(server, Self.setting) { bench in
        try await bench.hideReceivedAnswers(forSeconds: 1)
        var isFailing = true
        bench.queueCalls.decide = { $0.operation == "ReceiveMessage" && isFailing ? fault.fate : .pass }
        // The poll that waits already is lost with its connection.
        bench.sqs.endConnections()
        let names = (0..<15).map { "n\($0)" }
        let clients = try await Self.upload(bench, names)
        _ = await bench.worker.work(names.count)
        for _ in 0..<4000 where bench.queueCalls.faultCount < 3 { try await sleep(for: .milliseconds(5)) }
        #expect(bench.queueCalls.faultCount >= 3)
        isFailing = false
        // Those that SQS gave away with a lost response are there again after the visibility timeout.
        try await Self.expectLabels(clients, names)
        #expect(bench.worker.works.count == names.count)
        try await bench.isTidy()
      }
    }

    @Test("whose answer is not received in time learns where it will be, and finds it there", arguments: server)
    func receiveTooLate(server: ServerUnderTest.Kind) async throws {
      var setting = Self.setting
      setting.limits.answerTimeout = .milliseconds(500)
      try await Bench.with(server, setting) { bench in
        bench.queueCalls.decide = { $0.operation == "ReceiveMessage" ? .refuse : .pass }
        bench.sqs.endConnections()
        let names = ["a", "b", "c"]
        for (client, name) in zip(try await Self.upload(bench, names), names) {
          let response = try await client.response()
          #expect(response.status == 202)
          let location = try #require(response.headers["location"])
          try await Self.expectNoMore(client)
          #expect(try await bench.get(location + "?wait=20").member("label") == name)
        }
        #expect(try await bench.storedKeys().count == 3)
      }
    }

    @Test(
      "whatever fails, each client gets its label, 202 or 503, and nothing stays that has no job", arguments: server)
    func everything(server: ServerUnderTest.Kind) async throws {
      let seed = UInt64.random(in: 0...UInt64.max)
      print("fault seed: \(seed)")
      try await Bench.with(server, Self.setting) { bench in
        try await bench.hideReceivedAnswers(forSeconds: 1)
        var random = SplitMix64(seed: seed)
        bench.queueCalls.decide = { call in
          switch Int.random(in: 0..<100, using: &random) {
          case 0..<10: .refuse
          case 10..<15: .reset(afterByteCount: Int.random(in: 0...call.bodyByteCount, using: &random))
          case 15..<20: .loseAnswer
          default: .pass
          }
        }
        let clients = (0..<8).map { number in
          EventLoop.shared.start {
            var outcomes: [String: Int] = [:]
            let client = try await bench.connect()
            for round in 0..<15 {
              let name = "n\(number)-\(round)"
              client.send(Self.post(name))
              let response = try await client.response()
              outcomes[name] = response.status
              switch response.status {
              case 200: #expect(response.member("label") == name)
              case 202:
                let location = try #require(response.headers["location"])
                #expect(try await bench.get(location + "?wait=20").member("label") == name)
              default: #expect(response.status == 503 && response.code == "queue-unavailable", "\(response.text)")
              }
            }
            try await Self.expectNoMore(client)
            return outcomes
          }
        }
        var outcomes: [String: Int] = [:]
        for client in clients { outcomes.merge(try await client.value) { $0 + $1 } }
        #expect(outcomes.count == 120)
        #expect(bench.queueCalls.faultCount > 5)
        #expect(outcomes.values.count { $0 == 200 } > 90)
        bench.queueCalls.decide = { _ in .pass }
        try await bench.isTidy()
        let kept = Set(outcomes.filter { $0.value != 503 }.keys.map { $0 + ".jpg" })
        let stored = try await bench.storedKeys().map { String($0.drop { $0 != "/" }.dropFirst()) }
        #expect(Set(stored) == kept)
        #expect(stored.count == kept.count)
      }
    }
  }
}

extension Bench {
  /// Sets the visibility timeout of the tier's reply queue.
  fileprivate func hideReceivedAnswers(forSeconds seconds: Int) async throws {
    for queue in try await replyQueues() {
      try await clients.sqs.setQueueAttributes(["VisibilityTimeout": "\(seconds)"], of: queue)
    }
  }
}
