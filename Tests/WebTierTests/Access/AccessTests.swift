import EventLoop
import Foundation
import HTTP
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  /// One server is enough: what is refused gets no further than the web tier.
  @Suite("Access")
  struct AccessTests {
    private static let server = Bench.servers.prefix(1)

    private static func setting(_ file: KeyFile) -> Bench.Setting {
      var setting = Bench.Setting()
      setting.access.keyFile = file.path
      return setting
    }

    private static func line(_ key: String, rate: String? = nil) -> String {
      APIKey.line(name: "tests", key: key, rate: rate)
    }

    @LoopActor private static func statuses(_ bench: Bench, _ keys: String...) async throws -> [Int] {
      var statuses: [Int] = []
      for key in keys { statuses.append(try await bench.get("/", headers: "X-API-Key: \(key)\r\n").status) }
      return statuses
    }

    // MARK: Keys

    @Test("a known key opens every route, however it is presented", arguments: server)
    func knownKey(server: ServerUnderTest.Kind) async throws {
      let file = try KeyFile(Self.line("other"), Self.line("secret"))
      try await Bench.with(server, Self.setting(file)) { bench in
        let form = Form.file(photograph(5000), name: "cat.jpg")
        for header in ["Authorization: Bearer secret", "authorization: bearer   secret", "X-API-Key: secret"] {
          let response = try await bench.answer(to: Request.post(form, to: "/", headers: header + "\r\n"))
          #expect(response.text == "cat\n")
          #expect(try await bench.get("/metrics", headers: header + "\r\n").status == 200)
        }
        // A proxy's own credentials do not hide the key.
        let both = "Authorization: Basic c2VjcmV0\r\nX-API-Key: secret\r\n"
        #expect(try await bench.get("/metrics", headers: both).status == 200)
      }
    }

    @Test("without a key it is 401 and says how, with an unknown one 403; health checks need none", arguments: server)
    func unknownKey(server: ServerUnderTest.Kind) async throws {
      let file = try KeyFile(Self.line("secret"))
      try await Bench.with(server, Self.setting(file)) { bench in
        for path in ["/v1/images", "/metrics", "/v1/results/x", "/nowhere"] {
          for header in ["", "Authorization: Basic secret\r\n", "Authorization: Bearer \r\n", "X-API-Key:\r\n"] {
            let response = try await bench.get(path, headers: header)
            #expect(response.status == 401)
            #expect(response.code == "key-missing")
            #expect(response.headers["www-authenticate"] == "Bearer realm=\"saccade\"")
          }
          for key in ["Secret", "secret1", "secre", String(repeating: "x", count: 20_000)] {
            let response = try await bench.get(path, headers: "Authorization: Bearer \(key)\r\n")
            #expect(response.status == 403)
            #expect(response.code == "key-unknown")
          }
        }
        for path in ["/healthz", "/readyz"] { #expect(try await bench.get(path).status == 200) }
      }
    }

    @Test("a stranger's body is not asked for, and not read", arguments: server)
    func beforeTheBody(server: ServerUnderTest.Kind) async throws {
      let file = try KeyFile(Self.line("secret"))
      try await Bench.with(server, Self.setting(file)) { bench in
        for expectation in ["", "Expect: 100-continue\r\n"] {
          let client = try await bench.connect()
          let fields = "Content-Type: image/jpeg\r\nContent-Length: 10000000\r\n" + expectation
          client.send(Request.head("POST", "/", fields))
          // Nothing of the body has been sent.
          let response = try await client.response()
          #expect(response.status == 401)
          #expect(client.interimCount == 0)
          #expect(response.headers["connection"] == "close")
          try await client.ends()
          client.close()
        }
      }
    }

    @Test("reading the file again takes and gives keys; a broken file changes nothing", arguments: server)
    func reload(server: ServerUnderTest.Kind) async throws {
      let file = try KeyFile(Self.line("old"))
      try await Bench.with(server, Self.setting(file)) { bench in
        #expect(try await Self.statuses(bench, "old", "new") == [200, 403])
        try file.write([Self.line("new")])
        #expect(try await Self.statuses(bench, "old", "new") == [200, 403])
        await bench.tier.reload()
        #expect(try await Self.statuses(bench, "old", "new") == [403, 200])
        for broken in [["new"], [Self.line("old"), "tests:x"]] {
          try file.write(broken)
          await bench.tier.reload()
          #expect(try await Self.statuses(bench, "old", "new") == [403, 200])
        }
        try FileManager.default.removeItem(atPath: file.path)
        await bench.tier.reload()
        #expect(try await Self.statuses(bench, "old", "new") == [403, 200])
        // No keys are no open door.
        try file.write([])
        await bench.tier.reload()
        #expect(try await Self.statuses(bench, "old", "new") == [403, 403])
      }
    }

    @Test("a tier that was to be closed does not start open", arguments: server)
    func brokenAtStart(server: ServerUnderTest.Kind) async throws {
      let file = try KeyFile("nonsense")
      await #expect(throws: APIKeyFileError.self) { try await Bench.with(server, Self.setting(file)) { _ in } }
    }

    // MARK: Rates

    @Test(
      "a key's rate is its line's, else the common one, and one key's requests are not another's", arguments: server)
    func keyRate(server: ServerUnderTest.Kind) async throws {
      let file = try KeyFile(Self.line("slow", rate: "1/h:2"), Self.line("common"), Self.line("neighbour"))
      var setting = Self.setting(file)
      setting.access.keyRate = RateLimit("1/h:3")
      try await Bench.with(server, setting) { bench in
        for (key, count) in [("slow", 2), ("common", 3), ("neighbour", 3)] {
          for _ in 0..<count { #expect(try await bench.get("/", headers: "X-API-Key: \(key)\r\n").status == 200) }
          let response = try await bench.get("/", headers: "X-API-Key: \(key)\r\n")
          #expect(response.status == 429)
          #expect(response.code == "too-many-requests")
          let seconds = try #require(response.headers["retry-after"].flatMap { Int($0) })
          #expect((1...3600).contains(seconds))
        }
        #expect(try await bench.get("/healthz").status == 200)
      }
    }

    @Test("an address that sends too much is told before its body, whatever its keys", arguments: server)
    func addressRate(server: ServerUnderTest.Kind) async throws {
      let file = try KeyFile(Self.line("a"), Self.line("b"))
      var setting = Self.setting(file)
      setting.access.addressRate = RateLimit("1/h:2")
      try await Bench.with(server, setting) { bench in
        #expect(try await bench.get("/", headers: "X-API-Key: a\r\n").status == 200)
        // Guessing counts.
        #expect(try await bench.get("/", headers: "X-API-Key: c\r\n").status == 403)
        let client = try await bench.connect()
        client.send(
          Request.head("POST", "/", "X-API-Key: b\r\nContent-Type: image/jpeg\r\nContent-Length: 9000000\r\n"))
        #expect(try await client.response().status == 429)
        client.close()
        // Nobody here is a proxy.
        #expect(try await bench.get("/", headers: "X-API-Key: a\r\nX-Forwarded-For: 192.0.2.1\r\n").status == 429)
      }
    }

    @Test("behind a trusted proxy it is the right-most address nobody trusts that counts", arguments: server)
    func forwarded(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.access.addressRate = RateLimit("1/h:1")
      setting.access.trustedProxies = ["127.0.0.0/8", "10.0.0.0/8"].compactMap { Subnet($0) }
      try await Bench.with(server, setting) { bench in
        let cases: [(lists: [String], status: Int)] = [
          (["192.0.2.1"], 200),
          // What is left of it is invention.
          (["192.0.2.99, 192.0.2.1"], 429), (["192.0.2.98", "192.0.2.1,10.1.2.3"], 429), (["192.0.2.1:4711"], 429),
          (["192.0.2.2", "10.1.2.3", "10.1.2.4, 10.1.2.5"], 200),
          (["2001:db8::1"], 200), (["[2001:db8::2]:443"], 429), (["2001:db8:0:1::1"], 200),
          // Without a list, and where it ends with nonsense, it is the last proxy that counts.
          ([], 200), (["unknown"], 429), (["192.0.2.3, unknown, 10.9.9.9"], 200), (["10.9.9.9"], 429),
        ]
        for (lists, status) in cases {
          let response = try await bench.get("/", headers: lists.map { "X-Forwarded-For: \($0)\r\n" }.joined())
          #expect(response.status == status, "\(lists)")
        }
      }
    }

    // MARK: Pages of other origins

    @Test("a page that is allowed may ask, send and read; its preflight needs no key", arguments: server)
    func allowedOrigin(server: ServerUnderTest.Kind) async throws {
      let file = try KeyFile(Self.line("secret"))
      var setting = Self.setting(file)
      let origins = ["https://a.example", "https://b.example:8443"]
      setting.access.allowedOrigins = origins
      try await Bench.with(server, setting) { bench in
        for origin in origins {
          let asks = "Origin: \(origin)\r\nAccess-Control-Request-Method: POST\r\n"
          let preflight = try await bench.answer(to: Array(Request.head("OPTIONS", "/v1/images", asks).utf8))
          #expect(preflight.status == 204)
          #expect(preflight.headers["access-control-allow-origin"] == origin)
          #expect(preflight.headers["access-control-allow-methods"] == "GET, HEAD, POST")
          #expect(preflight.headers["access-control-allow-headers"]?.contains("Authorization") == true)
          #expect(preflight.headers["access-control-max-age"] == "7200")
          #expect(preflight.headers["vary"] == "Origin")
          for (header, status) in [("X-API-Key: secret\r\n", 200), ("", 401)] {
            let form = Form.file(photograph(1000))
            let response = try await bench.answer(
              to: Request.post(form, headers: "\(header)Origin: \(origin)\r\n"))
            #expect(response.status == status)
            #expect(response.headers["access-control-allow-origin"] == origin)
            #expect(response.headers["access-control-expose-headers"] == CrossOriginPolicy.responseFields)
            #expect(response.headers["vary"] == "Origin")
          }
        }
      }
    }

    @Test("a page that is allowed may read what the server refuses before any handler sees it", arguments: server)
    func refusedOrigin(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.access.allowedOrigins = ["https://a.example"]
      setting.limits.bodyByteCountMax = 10_000
      try await Bench.with(server, setting) { bench in
        for (origin, told) in [("https://a.example", "https://a.example"), ("https://b.example", nil)] as [(_, String?)]
        {
          let head = "Content-Type: image/jpeg\r\nContent-Length: 10001\r\nOrigin: \(origin)\r\n"
          let client = try await bench.connect()
          client.send(Request.head("POST", "/v1/images", head))
          let response = try await client.response()
          #expect(response.status == 413 && response.code == "body-too-large")
          #expect(response.headers["access-control-allow-origin"] == told)
          #expect(response.headers["vary"] == "Origin")
          client.close()
        }
      }
    }

    @Test("a page that is not on the list is told nothing", arguments: server)
    func otherOrigin(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.access.allowedOrigins = ["https://a.example"]
      try await Bench.with(server, setting) { bench in
        for origin in ["https://evil.example", "https://a.example.evil.example", "http://a.example", "null"] {
          let asks = "Origin: \(origin)\r\nAccess-Control-Request-Method: POST\r\n"
          for response in [
            try await bench.answer(to: Array(Request.head("OPTIONS", "/", asks).utf8)),
            try await bench.get("/metrics", headers: "Origin: \(origin)\r\n"),
          ] {
            #expect(response.headers.keys.filter { $0.hasPrefix("access-control") }.isEmpty)
            #expect(response.headers["vary"] == "Origin")
          }
        }
      }
    }

    @Test("with * every page may, without an origin nothing is said, and without the option nothing at all")
    func anyOrigin() async throws {
      let server = try #require(Self.server.first)
      var setting = Bench.Setting()
      setting.access.allowedOrigins = ["*"]
      try await Bench.with(server, setting) { bench in
        let asked = try await bench.get("/", headers: "Origin: null\r\n")
        #expect(asked.headers["access-control-allow-origin"] == "*")
        let other = try await bench.get("/")
        #expect(other.headers["access-control-allow-origin"] == nil)
      }
      try await Bench.with(server) { bench in
        let response = try await bench.get("/metrics", headers: "Origin: https://a.example\r\n")
        #expect(response.headers["access-control-allow-origin"] == nil)
        #expect(response.headers["vary"] == nil)
      }
    }
  }
}
