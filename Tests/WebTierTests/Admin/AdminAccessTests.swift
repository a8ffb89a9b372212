import EventLoop
import Foundation
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Who may see /admin")
  struct AdminAccessTests {
    private static let server = Bench.servers.suffix(1)
    static let paths = ["/admin", "/admin/state", "/admin/dead-letters", "/admin/redrive", "/admin/nothing"]

    @LoopActor static func ask(
      _ bench: Bench, _ path: String, method: String = "GET", host: String? = "127.0.0.1:8080", _ headers: String = ""
    ) async throws -> Client.Response {
      let host = host.map { "Host: \($0)\r\n" } ?? ""
      let version = host.isEmpty ? "1.0" : "1.1"
      return try await bench.answer(to: Array("\(method) \(path) HTTP/\(version)\r\n\(host)\(headers)\r\n".utf8))
    }

    @Test("without keys: who asks for a loopback host, and through no proxy", arguments: server)
    func local(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        for host in [
          "localhost", "LOCALHOST:80", "127.0.0.1", "127.9.9.9:8080", "[::1]", "[::1]:8080", "[::ffff:127.0.0.1]",
        ] {
          #expect(try await Self.ask(bench, "/admin/state", host: host).status == 200, "\(host)")
        }
        // Names that point here, and what only looks like a loopback address.
        let others = [
          "evil.example", "localhost.evil.example", "evil-localhost", "127.0.0.1.nip.example:8080", "10.0.0.1", "[::2]",
          "0.0.0.0", "2130706433", "127.1",
        ]
        for path in Self.paths {
          for host in others + [nil] {
            let response = try await Self.ask(bench, path, host: host)
            #expect(response.status == 403 && response.code == "admin-local-only", "\(path) at \(host ?? "no host")")
          }
          for field in [
            "Forwarded: for=192.0.2.1", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: localhost", "Via: 1.1 proxy",
            "X-Real-IP: 127.0.0.1", "X-Forwarded-Proto: http",
          ] {
            let response = try await Self.ask(bench, path, field + "\r\n")
            #expect(response.status == 403 && response.code == "admin-local-only", "\(path), \(field)")
          }
        }
        let page = try await Self.ask(bench, "/admin")
        #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(try await Self.ask(bench, "/admin/nothing").code == "no-such-route")
        // What only begins like it is another path.
        #expect(try await Self.ask(bench, "/administrator", host: "evil.example").code == "no-such-route")
      }
    }

    @Test("with keys: who has an operator's, from wherever; the page itself is everybody's", arguments: server)
    func keys(server: ServerUnderTest.Kind) async throws {
      let file = try KeyFile(
        APIKey.line(name: "shop", key: "uploads", rate: nil),
        APIKey.line(name: "ops", key: "operates", rate: nil, isAdmin: true))
      var setting = Bench.Setting()
      setting.access.keyFile = file.path
      try await Bench.with(server, setting) { bench in
        for host in ["127.0.0.1", "saccade.example"] {
          let page = try await Self.ask(bench, "/admin", host: host)
          #expect(page.status == 200)
          for path in Self.paths.dropFirst() {
            #expect(try await Self.ask(bench, path, host: host).code == "key-missing")
            #expect(try await Self.ask(bench, path, host: host, "X-API-Key: guess\r\n").code == "key-unknown")
            #expect(try await Self.ask(bench, path, host: host, "X-API-Key: uploads\r\n").code == "admin-key-needed")
          }
          let forwarded = "X-API-Key: operates\r\nX-Forwarded-For: 192.0.2.1\r\n"
          #expect(try await Self.ask(bench, "/admin/state", host: host, forwarded).status == 200)
        }
        // An operator may do what uploaders do.
        #expect(try await bench.get("/metrics", headers: "X-API-Key: operates\r\n").status == 200)
        #expect(try await bench.get("/metrics", headers: "X-API-Key: uploads\r\n").status == 200)
      }
    }

    @Test("pages of other sites get nothing, whatever origins may upload", arguments: server)
    func otherSites(server: ServerUnderTest.Kind) async throws {
      var setting = Bench.Setting()
      setting.access.allowedOrigins = ["https://friend.example", "*"]
      try await Bench.with(server, setting) { bench in
        let host = "localhost:8080"
        for path in Self.paths.dropFirst() {
          for field in [
            "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: ",
            "Origin: http://localhost:8080\r\nSec-Fetch-Site: cross-site", "Origin: https://friend.example",
            "Origin: null",
            "Origin: http://localhost:9999", "Origin: http://127.0.0.1:8080",
          ] {
            let response = try await Self.ask(bench, path, host: host, field + "\r\n")
            #expect(response.status == 403 && response.code == "admin-other-site", "\(path), \(field)")
            #expect(response.headers["access-control-allow-origin"] == nil)
          }
          let asked = "Origin: https://friend.example\r\nAccess-Control-Request-Method: POST\r\n"
          let preflight = try await Self.ask(bench, path, method: "OPTIONS", host: host, asked)
          #expect(preflight.headers.keys.allSatisfy { !$0.hasPrefix("access-control-") })
        }
        let own = ["Origin: http://localhost:8080\r\n", "Sec-Fetch-Site: same-origin\r\n"]
        // The last as a proxy passes it on that has put another host into the request.
        let proxied = "Origin: https://saccade.example\r\n" + own[1]
        for fields in own + [own[0] + own[1], proxied] {
          #expect(try await Self.ask(bench, "/admin/state", host: host, fields).status == 200, "\(fields)")
        }
        #expect(try await Self.ask(bench, "/admin/state", host: host, "Sec-Fetch-Site: none\r\n").status == 200)
        // Others may link to the page.
        #expect(try await Self.ask(bench, "/admin", host: host, "Sec-Fetch-Site: cross-site\r\n").status == 200)
        // Elsewhere nothing has changed.
        let upload = try await bench.get("/metrics", headers: "Origin: https://friend.example\r\n")
        #expect(upload.headers["access-control-allow-origin"] == "*")
      }
    }

    @Test("no form can send the dead letters again", arguments: server)
    func forms(server: ServerUnderTest.Kind) async throws {
      try await Bench.with(server) { bench in
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", nil] {
          let field = type.map { "Content-Type: \($0)\r\n" } ?? ""
          let response = try await Self.ask(bench, "/admin/redrive", method: "POST", field + "Content-Length: 0\r\n")
          #expect(response.status == 415 && response.code == "unsupported-media-type")
        }
        #expect(bench.callCount("StartMessageMoveTask") == 0)
        #expect(try await Self.ask(bench, "/admin/state", method: "POST", "Content-Length: 0\r\n").status == 405)
      }
    }
  }
}
