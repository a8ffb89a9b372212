import EventLoop
import Foundation
import TestSupport
import Testing

@Suite("TLS: certificates")
struct TLSContextTests {
  @Test("a certificate and its key serve", arguments: TestCertificate.Key.allCases)
  func good(key: TestCertificate.Key) async throws {
    try await TestCertificate.with(key: key) { certificate in
      #expect(throws: Never.self) { try TLSContext(certificate.files) }
    }
  }

  @Test("a file that is not there is named, with the system's reason")
  func missing() async throws {
    try await TestCertificate.with { certificate in
      var files = certificate.files
      files.key = certificate.path("absent.pem")
      #expect(throws: TLSError.unreadable(file: files.key, reason: "No such file or directory")) {
        try TLSContext(files)
      }
    }
  }

  @Test("what is not PEM is refused, for the certificate and for the key")
  func notPEM() async throws {
    try await TestCertificate.with { certificate in
      let text = certificate.path("text")
      try Data("no certificate\n".utf8).write(to: URL(filePath: text))
      for files in [
        TLSFiles(certificateChain: text, key: certificate.files.key),
        TLSFiles(certificateChain: certificate.files.certificateChain, key: text),
      ] {
        let error = #expect(throws: TLSError.self) { try TLSContext(files) }
        guard case .unusable(text, _) = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
      }
    }
  }

  @Test(
    "the key of another certificate is refused, of the same kind and of another",
    arguments: TestCertificate.Key.allCases)
  func wrongKey(kind: TestCertificate.Key) async throws {
    try await TestCertificate.with { certificate in
      try await TestCertificate.with(key: kind) { other in
        let files = TLSFiles(certificateChain: certificate.files.certificateChain, key: other.files.key)
        #expect(throws: TLSError.keyMismatch(files)) { try TLSContext(files) }
      }
    }
  }

  @Test("a certificate that has expired is refused, and says since when")
  func expired() async throws {
    try await TestCertificate.with { certificate in
      try await certificate.expire()
      let error = #expect(throws: TLSError.self) { try TLSContext(certificate.files) }
      guard case .expired(certificate.files.certificateChain, let at) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(at.hasPrefix("20") && at.hasSuffix("Z") && at.utf8.count == 20)
    }
  }

  @Test("a key under a pass phrase is refused, and nobody is asked for it")
  func encryptedKey() async throws {
    try await TestCertificate.with { certificate in
      var files = certificate.files
      files.key = certificate.path("encrypted.pem")
      try await certificate.openssl(
        ["pkey", "-in", certificate.files.key, "-aes128", "-passout", "pass:word", "-out", files.key])
      let error = #expect(throws: TLSError.self) { try TLSContext(files) }
      guard case .unusable(files.key, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }
}
