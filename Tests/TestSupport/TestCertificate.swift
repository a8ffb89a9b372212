package import EventLoop
package import Foundation

/// A self-signed certificate for 127.0.0.1 and its key, in a folder of their own.
package struct TestCertificate: Sendable {
  package enum Key: String, Sendable, CaseIterable {
    case ecdsa = "ec -pkeyopt ec_paramgen_curve:P-256"
    case rsa = "rsa:2048"
  }

  package let folder: URL
  package var files: TLSFiles { TLSFiles(certificateChain: path("certificate.pem"), key: path("key.pem")) }
  /// What a client is to trust.
  package var authority: String { files.certificateChain }

  /// Makes one for the length of `body`.
  package static func with(
    name: String = "localhost", key: Key = .ecdsa, _ body: (TestCertificate) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "saccade-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let certificate = TestCertificate(folder: folder)
    try await certificate.renew(name: name, key: key)
    try await body(certificate)
  }

  /// Puts another certificate and key where these are.
  package func renew(name: String, key: Key = .ecdsa) async throws {
    try await openssl(
      ["req", "-x509", "-nodes", "-newkey"] + key.rawValue.split(separator: " ").map(String.init)
        + ["-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name),IP:127.0.0.1", "-days", "1"]
        + ["-keyout", files.key, "-out", files.certificateChain])
  }

  /// Lets it end now.
  package func expire() async throws {
    let (certificate, key) = (files.certificateChain, files.key)
    try await openssl(["x509", "-in", certificate, "-signkey", key, "-days", "0", "-out", certificate])
  }

  package func openssl(_ arguments: [String]) async throws {
    let result = try await Tool.run("openssl", arguments)
    guard result.status == .exited(0) else { throw Tool.Failure(output: result.output) }
  }

  package func path(_ name: String) -> String { folder.appending(path: name).path }
}
