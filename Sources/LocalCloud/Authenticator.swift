import AWS
import EventLoop
import FoundationEssentials
import HTTP

/// Verifies signatures against the one key pair there is. Any region will do: the client signs for the one it likes.
@LoopActor
final class Authenticator {
  private let credentials: Credentials
  private let now: @Sendable () -> Date
  private var s3 = SigV4.Verifier(region: nil, service: "s3", rules: .s3)
  private var sqs = SigV4.Verifier(region: nil, service: "sqs", rules: .generic)

  init(_ credentials: Credentials, now: @escaping @Sendable () -> Date) {
    self.credentials = credentials
    self.now = now
  }

  /// - Returns: What the signature says about the body.
  func verifyS3(
    _ head: HTTPRequestHead, _ query: HTTP.QueryParameters
  ) throws(S3Error) -> (payload: PayloadHash, chunkSigner: SigV4.ChunkSigner?) {
    if !head.headers.contains("authorization"), let presigned = PresignedV2(query) {
      try presigned.verify(head, query, credentials, at: now())
      return (.unsigned, nil)
    }
    do throws(SigV4.VerificationError) {
      let verified = try s3.verify(request(head, .unsigned), at: now()) { [credentials] in
        $0 == credentials.accessKeyID ? credentials : nil
      }
      let signsChunks = verified.payloadHash.signsChunks
      return (verified.payloadHash, signsChunks ? verified.signature.chunkSigner() : nil)
    } catch {
      throw S3Error(error)
    }
  }

  func verifySQS(
    _ head: HTTPRequestHead, body: [UInt8]
  ) throws(SigV4.VerificationError) -> SigV4.Verifier.Verified {
    try sqs.verify(request(head, .sha256(of: body)), at: now()) { [credentials] in
      $0 == credentials.accessKeyID ? credentials : nil
    }
  }

  private func request(_ head: HTTPRequestHead, _ hash: PayloadHash) -> SigV4.Request {
    SigV4.Request(
      method: head.method.rawValue, path: head.path, query: head.query ?? "",
      headers: head.headers.map { (name: $0.name, value: $0.value) }, payloadHash: hash)
  }
}
