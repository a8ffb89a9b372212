import AWS
import EventLoop
import HTTP

/// A request that is known to come from the holder of the key.
struct S3Request: Sendable {
  let head: HTTPRequestHead
  let body: RequestBody
  let target: S3Target
  let query: HTTP.QueryParameters
  let requestID: String
  /// What the signature says about the body.
  let payloadHash: PayloadHash
  /// Continues from the request's signature over signed chunks; nil when they are not signed.
  let chunkSigner: SigV4.ChunkSigner?

  var headers: HTTPHeaders { head.headers }

  /// The bucket; routing has made sure that there is one.
  var bucket: String { target.bucket ?? "" }
  /// The key; routing has made sure that there is one.
  var key: String { target.key ?? "" }
}
