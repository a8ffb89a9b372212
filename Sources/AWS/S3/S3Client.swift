package import EventLoop
import FoundationEssentials

/// Amazon S3, or whatever speaks its API. Every method is one operation, signed, retried while that can help, and
/// throws `AWSError`. Responses are bounded. Bodies are covered by a CRC-32C that the store checks, not by the signature:
/// a hash over the payload costs as much as moving it, and TLS covers what the wire could do to it.
/// Does not cache, and follows no redirect: a bucket is asked for in its own region.
@LoopActor package final class S3Client {
  package nonisolated let region: String
  package nonisolated let endpoint: ServiceEndpoint
  package nonisolated let usesPathStyle: Bool
  let caller: ServiceCaller
  let timeouts: TransportTimeouts
  /// The last one that was found valid: calls mostly go to the same bucket.
  private var validBucket = ""

  /// XML answers: a thousand keys of a thousand bytes, each percent-encoded in the worst case.
  static let documentByteCountMax = 8 << 20

  /// - Parameters:
  ///   - endpoint: nil for AWS's own in `region`.
  ///   - usesPathStyle: `endpoint/bucket/key` instead of `bucket.endpoint/key`; nil decides by the endpoint: other than
  ///     AWS's own rarely have a name for every bucket.
  package init(
    region: String, endpoint: ServiceEndpoint? = nil, usesPathStyle: Bool? = nil, credentials: any CredentialsProvider,
    transport: Transport, options: ServiceOptions = .init()
  ) throws(AWSError) {
    self.region = region
    if let endpoint {
      self.endpoint = endpoint
    } else {
      self.endpoint = try ServiceEndpoint("https://s3.\(region).amazonaws.com")
    }
    self.usesPathStyle = usesPathStyle ?? (endpoint != nil)
    timeouts = options.timeouts
    caller = ServiceCaller(
      signer: .s3(region: region), credentials: credentials, transport: transport, options: options,
      parseError: { ServiceError.s3($0, operation: $1) })
  }

  /// A call on a bucket, or on an object in it.
  func call(
    _ operation: String, _ method: String, bucket: String, key: String? = nil
  ) throws(AWSError) -> ServiceCall {
    if bucket != validBucket {
      guard Self.isBucketName(bucket) else { throw .invalidArgument("bucket name \"\(bucket)\"") }
      validBucket = bucket
    }
    if let key, !(1...1024).contains(key.utf8.count) { throw .invalidArgument("an object's key has 1 to 1024 bytes") }
    // A dot in the name would not match the wildcard of the endpoint's certificate.
    let inPath = usesPathStyle || bucket.contains(".")
    let path = String(joining: [
      inPath ? "/" : "", inPath ? bucket : "", key != nil || !inPath ? "/" : "", key.map(URIEncoding.encodePath) ?? "",
    ])
    return ServiceCall(
      operation: operation, method: method, endpoint: inPath ? endpoint : endpoint.prefixed(by: bucket), path: path,
      response: .collect(byteCountMax: Self.documentByteCountMax), timeouts: timeouts)
  }

  /// An XML document as a request's body.
  func setDocument(_ text: String, of call: inout ServiceCall) {
    let bytes = Array(text.utf8)
    call.body = .bytes(bytes)
    call.payloadHash = .sha256(of: bytes)
    call.headers.append((name: "Content-Type", value: "application/xml"))
  }

  func document(_ response: TransportResponse, of operation: String) throws(AWSError) -> XMLTree {
    do { return try XMLTree(parsing: response.body) } catch {
      throw .malformedResponse(operation: operation, "not XML")
    }
  }

  /// "General purpose bucket naming rules", as far as they keep a name from being something else in a URL.
  private static func isBucketName(_ name: String) -> Bool {
    (3...63).contains(name.utf8.count) && name.first != "." && name.first != "-"
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
      }
  }
}
