import EventLoop
import Jobs
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Uploads")
  struct UploadTests {
    @Test("a form's file is stored byte for byte, its job queued, its label answered", arguments: Bench.servers)
    func oneFile(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let image = photograph(100_000)
        let response = try await bench.answer(to: Request.post(Form.file(image, name: "tabby.jpg"), to: "/"))
        #expect(response.status == 200)
        #expect(response.headers["content-type"] == "text/plain; charset=utf-8")
        #expect(response.text == "tabby\n")
        let work = await bench.worker.work(1)
        #expect(work.image == Fingerprint(image))
        #expect(work.job.name == "tabby.jpg")
        #expect(work.job.bucket == bench.configuration.inputBucket)
        #expect(try await bench.storedKeys() == ["\(work.job.id)/tabby.jpg"])
        try await bench.isIdle()
        #expect(try await bench.get("/metrics").text.contains("saccade_images_total{outcome=\"answered\"} 1\n"))
      }
    }

    @Test(
      "/v1/images answers with the worker's own JSON, / with a label unless JSON is asked for", arguments: Bench.servers
    )
    func formats(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let form = Form.file(photograph(1000), name: "tench.jpg")
        let response = try await bench.answer(to: Request.post(form))
        #expect(response.headers["content-type"] == "application/json")
        #expect(response.member("label") == "tench")
        #expect(response.member("worker") == "tests")
        #expect(try await bench.answer(to: Request.post(form, to: "/")).text == "tench\n")
        let asked = Request.post(form, to: "/", headers: "Accept: application/json\r\n")
        #expect(try await bench.answer(to: asked).member("label") == "tench")
      }
    }

    @Test(
      "a body that is an image needs no form", arguments: Bench.servers,
      ["image/jpeg", "application/octet-stream"])
    func rawBody(server: ServerUnderTest.Kind, type: String) async throws {
      try await Bench.with(server) { bench in
        for byteCount in [3, 12, 70_000, 1_000_000] {
          let image = photograph(byteCount)
          let response = try await bench.answer(to: Request.post(image, type: type))
          #expect(response.member("label") == "image")
          #expect(bench.worker.works.last?.image == Fingerprint(image))
        }
        #expect(bench.worker.works.count == 4)
      }
    }

    @Test(
      "several files in one form are answered in their order, whatever the answers' order", arguments: Bench.servers)
    func severalFiles(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server, .unanswered) { bench in
        var form = Form()
        for (number, name) in ["a", "b", "c"].enumerated() {
          form.addFile(photograph(5000 * (number + 1)), name: name + ".jpg")
        }
        let client = try await bench.connect()
        client.send(Request.post(form.closed()))
        _ = await bench.worker.work(3)
        let works = bench.worker.works.sorted { $0.job.name > $1.job.name }
        #expect(works.map(\.image?.byteCount) == [15_000, 10_000, 5000])
        for work in works {
          let isBad = work.job.name == "b.jpg"
          let outcome: StubWorker.Outcome =
            isBad ? .failure(.init(code: .undecodableImage, message: "It is broken.")) : StubWorker.label(work.job)
          try await bench.worker.send(outcome, to: work.job)
        }
        let response = try await client.response()
        #expect(response.status == 200)
        #expect(response.outcomes == ["a", "undecodable-image", "c"])
        client.close()
        try await bench.isIdle()
      }
    }

    @Test("fields before and after the file are no images", arguments: Bench.servers)
    func fields(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        var form = Form()
        form.addField("camera", "any")
        form.addFile(photograph(40_000), name: "dog.jpg")
        form.addField("comment", "a dog")
        let response = try await bench.answer(to: Request.post(form.closed(), to: "/"))
        #expect(response.text == "dog\n")
        #expect(bench.worker.works.map(\.image) == [Fingerprint(photograph(40_000))])
      }
    }

    /// 64 KiB is a slab and a read, 256 KiB the first window and a chunk of what goes to S3.
    @Test("every length around the borders of slabs, windows and chunks arrives whole", arguments: Bench.servers)
    func lengths(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let client = try await bench.connect()
        var count = 0
        for border in [64, 128, 256, 512, 1024, 5 * 1024] {
          for byteCount in [border * 1024 - 1, border * 1024, border * 1024 + 1] {
            let image = photograph(byteCount)
            client.send(Request.post(Form.file(image, name: "a.jpg"), to: "/"))
            #expect(try await client.response().text == "a\n")
            count += 1
            #expect(await bench.worker.work(count).image == Fingerprint(image), "\(byteCount) bytes")
          }
        }
        client.close()
        try await bench.isIdle()
      }
    }

    @Test("a length that was predicted wrongly is put right from memory", arguments: Bench.servers)
    func mispredicted(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let image = photograph(700_000)
        var followed = Form()
        followed.addFile(image)
        followed.addField("note", "after the file")
        var two = Form()
        two.addFile(image, name: "one.jpg")
        two.addFile(photograph(900_000), name: "two.jpg")
        var open = Form()
        open.addFile(image)
        let requests = [
          Request.post(followed.closed()), Request.post(open.closed(withLineEnd: false)),
          Request.post(Form.file(image, extra: "Content-Length: 700000\r\n")),
          Request.post(Form.file(image, extra: "Content-Length: 699990\r\n")),
          Request.post(Form.file(image, extra: "Content-Length: 700001\r\n")),
          Request.post(Form.file(image, extra: "Content-Length: 9223372036854775807\r\n")),
          Request.chunked(Form.file(image, extra: "Content-Length: 700000\r\n")),
          Request.chunked(Form.file(image, extra: "Content-Length: 9223372036854775807\r\n")),
          Request.chunked(Form.file(image, extra: "Content-Length: 800000\r\n")),
        ]
        for (number, request) in requests.enumerated() {
          let response = try await bench.answer(to: request)
          #expect(response.status == 200, "request \(number): \(response.text)")
          #expect(await bench.worker.work(number + 1).image == Fingerprint(image))
        }
        let response = try await bench.answer(to: Request.post(two.closed()))
        #expect(response.outcomes == ["one", "two"])
        try await bench.isIdle()
        #expect(try await bench.storedKeys().count == requests.count + 2)
      }
    }

    @Test("a part that is longer than it says is refused and nothing of it stored", arguments: Bench.servers)
    func lyingPart(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        for length in ["0", "10", "262144", "400000"] {
          let form = Form.file(photograph(700_000), extra: "Content-Length: \(length)\r\n")
          let response = try await bench.answer(to: Request.post(form))
          #expect(response.status == 400)
          #expect(response.code == "length-mismatch")
        }
        try await bench.isIdle()
        try await bench.isEmptied()
      }
    }

    @Test("a chunked request may carry an image within the first window and beyond it", arguments: Bench.servers)
    func chunked(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        for byteCountMore in [-1, 0, 1] {
          let image = photograph(bench.configuration.limits.firstWindowByteCount + byteCountMore)
          for request in [Request.chunked(Form.file(image)), Request.chunked(image, type: "image/jpeg")] {
            #expect(try await bench.answer(to: request).status == 200)
            #expect(bench.worker.works.last?.image == Fingerprint(image))
          }
        }
        try await bench.isIdle()
        #expect(try await bench.storedKeys().count == 6)
      }
    }

    @Test(
      "a stranger's file name becomes a key, never a path", arguments: Bench.servers,
      [
        ("../../etc/passwd", "passwd"), ("..\\\\..\\\\boot.ini", "boot.ini"), ("..", "image"),
        ("a b&c;d.png", "a_b_c_d.png"), ("%2e%2e%2fx.jpg", "x.jpg"), ("gr\u{FC}n.jpg", "gr_n.jpg"),
        (String(repeating: "n", count: 1000) + ".jpeg", String(repeating: "n", count: 123) + ".jpeg"),
      ])
    func names(server: ServerUnderTest.Kind, name: (given: String, kept: String)) async throws {
      try await Bench.with(server) { bench in
        let response = try await bench.answer(to: Request.post(Form.file(photograph(2000), name: name.given)))
        #expect(response.status == 200)
        let work = await bench.worker.work(1)
        #expect(try await bench.storedKeys() == ["\(work.job.id)/\(name.kept)"])
      }
    }

    @Test("many clients at once, each gets its own image's label", arguments: Bench.servers)
    func manyClients(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        let tasks = (0..<40).map { number in
          EventLoop.shared.start {
            let form = Form.file(photograph(1000 + number * 20_000, seed: UInt64(number)), name: "n\(number).jpg")
            return try await bench.answer(to: Request.post(form, to: "/")).text
          }
        }
        for (number, task) in tasks.enumerated() { #expect(try await task.value == "n\(number)\n") }
        for work in bench.worker.works {
          let number = try #require(Int(work.job.name.dropFirst().dropLast(4)))
          #expect(work.image == Fingerprint(photograph(1000 + number * 20_000, seed: UInt64(number))))
        }
        try await bench.isIdle()
      }
    }
  }
}
