import ArgumentParser
import EventLoop

/// The certificate of a command that serves.
struct TLSOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Serve HTTPS with this certificate chain (PEM, the server's own first).", valueName: "file"),
    completion: .file())
  var tlsCertificate: String?

  @Option(
    help: ArgumentHelp("The certificate's key (PEM, without a pass phrase).", valueName: "file"), completion: .file())
  var tlsKey: String?

  func validate() throws {
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-certificate and --tls-key go together.")
    }
  }

  var files: TLSFiles? {
    guard let tlsCertificate, let tlsKey else { return nil }
    return TLSFiles(certificateChain: tlsCertificate, key: tlsKey)
  }
}
