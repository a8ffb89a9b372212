import AWS
import EventLoop
import Foundation
import TestSupport
import Testing

/// The built binaries, as `saccade up` runs them, seen from outside.
@Suite(.serialized, .enabled(if: Fixtures.areComplete, Fixtures.incomplete))
struct EndToEndTests {
  @Test("a picture of coffee is an espresso, and lies in the buckets with its result")
  func coffee() async throws {
    try await withMachine { machine, user in
      let plain = try await user.upload(Fixtures.sample("coffee.png"), to: "/")
      #expect(plain.status == 200 && plain.text == "espresso\n")

      let reply = try await user.upload(Fixtures.sample("coffee.png"))
      #expect(reply.status == 200)
      let answer = try reply.json
      #expect(answer.label == "espresso" && answer.name == "coffee.png" && answer.top?.count == 5)
      #expect(answer.top?.first?.wnid == "n07920052" && answer.model == "efficientnet-lite0")
      #expect(try #require(answer.timings)["total"] ?? -1 > 0)

      let clients = try await machine.clients()
      defer { clients.shutdown() }
      let key = try #require(answer.key)
      let image = try await clients.s3.getObject(bucket: "saccade-input", key: key, upTo: 10 << 20)
      #expect(image.bytes == [UInt8](try Data(contentsOf: Fixtures.sample("coffee.png"))))
      let result = try await clients.s3.getObject(bucket: "saccade-output", key: key + ".json", upTo: 1 << 20)
      #expect(String(decoding: result.bytes, as: UTF8.self) + "\n" == reply.text)

      let again = try await user.get("/v1/results/\(try #require(answer.id))")
      #expect(again.status == 200 && again.text == reply.text)
    }
  }

  @Test("the aws command line finds the image under the key that was answered")
  func awsCommandLine() async throws {
    try await withMachine { machine, user in
      let key = try #require(try await user.upload(Fixtures.sample("rocket.jpg")).json.key)
      let listing = try await machine.aws(["s3", "ls", "s3://saccade-input/\(key)"])
      #expect(listing.contains { $0.hasSuffix(" rocket.jpg") })
      let result = try await machine.aws(["s3", "cp", "s3://saccade-output/\(key).json", "-"])
      #expect(result.joined().contains("\"label\""))
    }
  }

  @Test("a hundred clients at once each get the answer to their own picture")
  func neverCrossed() async throws {
    try await withMachine { _, user in
      let samples = ["coffee.png", "chelsea.png", "rocket.jpg", "camera.png"]
      var expected: [String: String] = [:]
      for sample in samples { expected[sample] = try await user.upload(Fixtures.sample(sample)).json.label }
      #expect(Set(expected.values).count == samples.count)

      let uploads = (0..<100).map { index in
        let sample = samples[index % samples.count]
        return EventLoop.shared.start {
          let reply = try await user.answer(
            after: user.upload(Fixtures.sample(sample), named: "\(index)-\(sample)"))
          return (index, sample, reply)
        }
      }
      for upload in uploads {
        let (index, sample, reply) = try await upload.value
        let answer = try reply.json
        #expect(reply.status == 200 && answer.name == "\(index)-\(sample)" && answer.label == expected[sample])
      }
    }
  }

  @Test("a worker killed in the middle loses nothing")
  func workerKilled() async throws {
    try await withMachine(["--workers", "2"]) { machine, user in
      let uploads = (0..<60).map { index in
        EventLoop.shared.start { try await user.upload(Fixtures.sample("coffee.png"), named: "\(index).png") }
      }
      // The first answer shows that workers are in the middle of it.
      _ = try await uploads[0].value
      for worker in machine.children("saccade-worker") { kill(worker, SIGKILL) }
      for upload in uploads {
        let reply = try await upload.value
        if reply.status == 202 {
          // The job was held by the worker that died: another gets it when its visibility timeout has passed.
          let result = try await result(at: try #require(reply.headers["location"]), user)
          #expect(try result.json.label == "espresso")
        } else {
          #expect(try reply.status == 200 && reply.json.label == "espresso", "\(reply.text)")
        }
      }
    }
  }

  @Test("storage and queues killed and restarted lose no accepted object or message")
  func cloudKilled() async throws {
    try await withMachine { machine, user in
      let clients = try await machine.clients()
      defer { clients.shutdown() }
      let queue = try await clients.sqs.createQueue("kept")
      var sent: Set<String> = []
      var stored: [String: [UInt8]] = [:]
      for round in 0..<3 {
        let writes = (0..<40).map { index in
          EventLoop.shared.start {
            let name = "\(round)-\(index)"
            let bytes = [UInt8](repeating: UInt8(index), count: 10_000 + index)
            // What is refused while the cloud is away was never accepted.
            let object = try? await clients.s3.putObject(bucket: "saccade-input", key: name, body: .bytes(bytes))
            let message = try? await clients.sqs.sendMessage(SQSOutgoingMessage(name), to: queue)
            return (name, object == nil ? nil : bytes, message != nil)
          }
        }
        _ = try await writes[0].value
        for cloud in machine.children("cloud") { kill(cloud, SIGKILL) }
        for write in writes {
          let (name, bytes, isSent) = try await write.value
          if let bytes { stored[name] = bytes }
          if isSent { sent.insert(name) }
        }
        _ = try await retrying { try await clients.s3.headBucket("saccade-input") }
      }
      #expect(!sent.isEmpty && !stored.isEmpty)
      for (name, bytes) in stored {
        let object = try await clients.s3.getObject(bucket: "saccade-input", key: name, upTo: 1 << 20)
        #expect(object.bytes == bytes)
      }
      var received: Set<String> = []
      while true {
        let messages = try await clients.sqs.receiveMessages(from: queue, wait: .seconds(1))
        if messages.isEmpty { break }
        received.formUnion(messages.map(\.body))
      }
      #expect(received.isSuperset(of: sent))
      // The tiers have come through it too.
      let reply = try await retrying { try await user.upload(Fixtures.sample("coffee.png")) }
      #expect([200, 202].contains(reply.status), "\(reply.text)")
    }
  }

  @Test("bad input gets its status and a problem, and disturbs no neighbour")
  func badInput() async throws {
    try await withMachine { _, user in
      let rocket = try Fixtures.bytes(Fixtures.sample("rocket.jpg"))
      let good = Form.body([("rocket.jpg", rocket)])
      let cases: [BadInput] = [
        BadInput("no boundary", 400, good, type: "multipart/form-data"),
        BadInput("truncated form", 400, Array(good.dropLast(10))),
        BadInput("empty form", 400, Form.body([])),
        BadInput("no body", 400, []),
        BadInput("text called .jpg", 415, Form.body([("notes.jpg", Array("just some words, no picture".utf8))])),
        BadInput("0 bytes", 400, Form.body([("empty.jpg", [])])),
        BadInput("60 MB", 413, Form.body([("big.jpg", rocket + [UInt8](repeating: 0, count: 60_000_000))])),
        BadInput("64 kB header", 431, good, headers: [(name: "X-Long", value: String(repeating: "x", count: 65_536))]),
        BadInput("a name of 10 kB", 413, Form.body([(String(repeating: "n", count: 10_240), rocket)])),
        BadInput("half a JPEG", 422, Form.body([("half.jpg", Array(rocket.prefix(rocket.count / 2)))])),
        BadInput("a PNG of 100000 x 100000", 422, Form.body([("bomb.png", BadInput.hugePNG)]), code: "image-too-large"),
        BadInput("no image type", 415, Array("{}".utf8), type: "application/json"),
      ]
      for bad in cases {
        let neighbours = (0..<4).map { _ in
          EventLoop.shared.start { try await user.answer(after: user.upload(rocket, named: "good.jpg")).json.label }
        }
        let reply = try await user.post(bad.body, type: bad.type, headers: bad.headers)
        let problem = try reply.json
        #expect(reply.status == bad.status && problem.status == bad.status, "\(bad.name): \(reply.text)")
        if let code = bad.code { #expect(problem.code == code) }
        #expect(reply.headers["content-type"] == "application/problem+json" && problem.title != nil, "\(bad.name)")
        print("\(bad.name): \(reply.status) \(problem.code ?? "-")")
        for neighbour in neighbours { #expect(try await neighbour.value == "missile", "beside \(bad.name)") }
      }
    }
  }

  @Test("a file name is data, never a path")
  func fileNames() async throws {
    let names = [
      "../../etc/passwd", "..", "/etc/passwd", #"C:\Windows\win.ini"#, "%2e%2e%2fup.jpg", "日本.jpg", "a b;c\"d.jpg",
    ]
    try await withMachine { _, user in
      let rocket = try Fixtures.bytes(Fixtures.sample("rocket.jpg"))
      for name in names {
        let reply = try await user.upload(rocket, named: name.replacing("\"", with: "%22"))
        #expect(reply.status == 200, "\(name): \(reply.text)")
        let key = try #require(try reply.json.key)
        #expect(key.wholeMatch(of: /[0-9a-f-]{36}\/[A-Za-z0-9._-]{1,128}/) != nil && !key.hasSuffix("/.."), "\(key)")
      }
      // A NUL in a header line is refused as a whole.
      let reply = try await user.upload(rocket, named: "a\u{0}b.jpg")
      #expect(try reply.status == 400 && reply.json.status == 400)
    }
  }

  @Test(
    "two hundred photos sent at once by a hundred connections get their own answers, 178 of them right",
    .enabled(if: Fixtures.exists(Fixtures.photographs), "there is no folder of photos beside the project"))
  func photographs() async throws {
    try await withMachine { _, user in
      let photos = Fixtures.files(in: Fixtures.photographs)
      let next = Cursor()
      let start = ContinuousClock.now
      let clients = (0..<100).map { _ in
        EventLoop.shared.start {
          var right = 0
          while let photo = next.take(from: photos) {
            let reply = try await user.answer(after: user.upload(photo))
            let answer = try reply.json
            #expect(reply.status == 200 && answer.name == photo.lastPathComponent, "\(reply.text)")
            if let best = answer.top?.first?.wnid, photo.lastPathComponent.hasPrefix(best + "_") { right += 1 }
          }
          return right
        }
      }
      var right = 0
      for client in clients { right += try await client.value }
      print("\(right) of \(photos.count) right, in \(ContinuousClock.now - start)")
      #expect(right >= photos.count * 178 / 200)
    }
  }

  @Test("after two thousand uploads one thread of the web process has done all the work")
  func oneThread() async throws {
    try await withMachine { machine, user in
      let image = [UInt8](try Data(contentsOf: Fixtures.sample("rocket.jpg")))
      // Pictures that no worker can decode are answered at the pace of the web tier.
      let broken = Array(image.prefix(4000))
      for _ in 0..<20 {
        let uploads = (0..<100).map { index in
          EventLoop.shared.start {
            try await user.answer(after: user.upload(broken, named: "\(index).jpg")).status
          }
        }
        for upload in uploads { #expect(try await upload.value == 422) }
      }
      let web = try #require(machine.children("--answer-timeout").first ?? machine.children("web").first)
      let ticks = try threads(of: web).map(\.ticks).sorted(by: >)
      print("clock ticks of the web process's threads: \(ticks)")
      #expect(ticks[0] > 0)
      // For its start: two, or on a slow processor as much of the work.
      #expect(ticks.dropFirst().allSatisfy { $0 <= max(2, ticks[0] / 100) }, "\(ticks)")
    }
  }

  @Test("Ctrl-C stops everything, and nothing is left running")
  func stops() async throws {
    try await onLoop {
      let machine = try await Machine.start()
      let children = machine.children("saccade")
      #expect(children.count >= 3)
      #expect(await machine.stop() == .exited(0))
      for child in children { #expect(kill(child, 0) == -1 && errno == ESRCH) }
    }
  }

  /// Deals files out to several clients.
  @LoopActor private final class Cursor {
    private var index = 0

    func take(from files: [URL]) -> URL? {
      guard index < files.count else { return nil }
      defer { index += 1 }
      return files[index]
    }
  }

  // MARK: Helpers

  private func withMachine(
    _ arguments: [String] = [], _ body: @escaping @Sendable @LoopActor (Machine, HTTPUser) async throws -> Void
  ) async throws {
    try await onLoop {
      let machine = try await Machine.start(arguments)
      let user = HTTPUser(machine.url)
      do {
        try await body(machine, user)
      } catch {
        print(machine.log)
        user.close()
        _ = await machine.stop()
        throw error
      }
      user.close()
      #expect(await machine.stop() == .exited(0))
    }
  }

  /// Asks until the result is there.
  @LoopActor private func result(at location: String, _ user: HTTPUser) async throws -> HTTPUser.Reply {
    for _ in 0..<240 {
      let reply = try await user.get(location)
      if reply.status != 202 { return reply }
      try await sleep(for: .milliseconds(500))
    }
    throw Output.Ended(description: "there is no result at \(location)")
  }

  /// For what is away for a moment.
  @LoopActor private func retrying<T: Sendable>(_ body: @LoopActor () async throws -> T) async throws -> T {
    for _ in 0..<60 {
      if let value = try? await body() { return value }
      try await sleep(for: .milliseconds(250))
    }
    return try await body()
  }

  private func threads(of pid: Int32) throws -> [(name: String, ticks: Int)] {
    let folder = URL(filePath: "/proc/\(pid)/task")
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).map { task in
      let fields = processFields(task.path)
      try #require(fields.count > 12)
      // Fields 14 and 15 of proc(5): user and system time.
      return (task.lastPathComponent, (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0))
    }
  }
}
