import EventLoop
import Foundation
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("HTTPS")
  struct HTTPSTests {
    @Test("an upload over TLS is stored, queued and answered", arguments: Bench.servers)
    func upload(server: ServerUnderTest.Kind) async throws {
      try await TestCertificate.with { certificate in
        // One within the first window, one that streams.
        let images = [photograph(100_000), photograph(3_000_000)]
        let paths = [certificate.path("tabby.jpg"), certificate.path("tench.jpg")]
        for (image, path) in zip(images, paths) { try Data(image).write(to: URL(filePath: path)) }
        try await Bench.with(server, Bench.Setting(tls: certificate.files)) { bench in
          let result = try await Tool.run(
            "curl",
            ["-sS", "--cacert", certificate.authority, "-F", "image=@\(paths[0])", "-F", "image=@\(paths[1])"]
              + ["https://\(bench.tier.localAddress)/"])
          #expect(result.output == "tabby\ntench\n")
          let works = await [bench.worker.work(1), bench.worker.work(2)]
          let stored = try works.map { try #require($0.image).description }
          #expect(Set(stored) == Set(images.map { Fingerprint($0).description }))
        }
      }
    }

    @Test("a certificate is renewed while it serves; one that cannot serve changes nothing", arguments: Bench.servers)
    func reload(server: ServerUnderTest.Kind) async throws {
      try await TestCertificate.with(name: "first") { certificate in
        let first = certificate.path("first.pem")
        try FileManager.default.copyItem(atPath: certificate.authority, toPath: first)
        try await Bench.with(server, Bench.Setting(tls: certificate.files)) { bench in
          let url = "https://\(bench.tier.localAddress)/healthz"
          func isServed(to authority: String) async throws -> Bool {
            try await Tool.run("curl", ["-sSf", "--cacert", authority, url]).status == .exited(0)
          }
          try await certificate.renew(name: "second")
          #expect(try await isServed(to: first))
          await bench.tier.reload()
          #expect(try await !isServed(to: first))
          #expect(try await isServed(to: certificate.authority))
          let second = certificate.path("second.pem")
          try FileManager.default.copyItem(atPath: certificate.authority, toPath: second)
          try await certificate.expire()
          await bench.tier.reload()
          #expect(try await isServed(to: second))
          try FileManager.default.removeItem(atPath: certificate.files.key)
          await bench.tier.reload()
          #expect(try await isServed(to: second))
        }
      }
    }

    @Test("a certificate that cannot serve is an error before anything is waited for", arguments: Bench.servers)
    func wrongKey(server: ServerUnderTest.Kind) async throws {
      try await TestCertificate.with { certificate in
        try await TestCertificate.with { other in
          let files = TLSFiles(certificateChain: certificate.files.certificateChain, key: other.files.key)
          await #expect(throws: TLSError.keyMismatch(files)) {
            try await Bench.with(server, Bench.Setting(tls: files)) { _ in }
          }
        }
      }
    }
  }
}
