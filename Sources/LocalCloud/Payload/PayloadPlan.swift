import AWS
import HTTP

/// How a request's payload comes and what it must turn out to be, read off its head.
struct PayloadPlan: Sendable {
  /// Length of the payload itself, without framing.
  let byteCount: Int
  /// Nil for a body without framing.
  let chunked: (isSigned: Bool, hasTrailer: Bool)?
  let expectation: PayloadExpectation
  /// All but what the trailer may add.
  let announced: PayloadAnnouncement
  /// The checksum that `x-amz-trailer` promises.
  let trailerChecksum: ChecksumAlgorithm?

  /// - Parameters:
  ///   - wantsMD5: Whether an ETag will be needed.
  ///   - checksumIsOfBody: False for `CompleteMultipartUpload`, whose `x-amz-checksum-` headers speak of the object.
  init(
    _ head: HTTPRequestHead, _ hash: PayloadHash, wantsMD5: Bool, checksumIsOfBody: Bool = true
  ) throws(S3Error) {
    let headers = head.headers
    let encodings = (headers["content-encoding"] ?? "").split(separator: ",").map { $0.trimmingBlanks.lowercased() }
    if hash.isStreaming {
      guard let text = headers["x-amz-decoded-content-length"], let count = Int(text), count >= 0 else {
        throw S3Error(.missingContentLength, "You must provide the x-amz-decoded-content-length HTTP header.")
      }
      byteCount = count
      chunked = (hash.signsChunks, hash.hasTrailer)
    } else {
      if encodings.contains("aws-chunked") {
        throw S3Error(.invalidRequest, "Content-Encoding aws-chunked needs a STREAMING- value of x-amz-content-sha256.")
      }
      guard let count = head.contentLength else { throw S3Error(.missingContentLength) }
      byteCount = count
      chunked = nil
    }

    let checksum = checksumIsOfBody ? try PayloadPlan.checksum(in: headers) : nil
    trailerChecksum = try PayloadPlan.trailerChecksum(in: headers, hash)
    if checksum != nil, trailerChecksum != nil {
      throw S3Error(
        .invalidRequest, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    }
    if checksumIsOfBody, headers.contains("x-amz-sdk-checksum-algorithm"), checksum == nil, trailerChecksum == nil {
      throw S3Error(
        .invalidRequest,
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
      )
    }
    var announced = PayloadAnnouncement(sha256: hash.digest, checksum: checksum)
    if let text = headers["content-md5"] {
      guard let digest = Base64.decode(text), digest.count == 16 else {
        throw S3Error(.invalidDigest, "The Content-MD5 you specified is not valid.")
      }
      announced.md5 = digest
    }
    self.announced = announced
    expectation = PayloadExpectation(
      wantsMD5: wantsMD5 || announced.md5 != nil, wantsSHA256: announced.sha256 != nil,
      checksum: checksum?.algorithm ?? trailerChecksum)
  }

  /// Whether the body says anything about itself, as operations with an XML body that deletes things demand.
  var hasIntegrity: Bool { announced.md5 != nil || expectation.checksum != nil }

  private static func checksum(in headers: HTTPHeaders) throws(S3Error) -> Checksum? {
    var found: Checksum?
    for (name, value) in headers {
      let name = name.lowercased()
      guard name.hasPrefix(ChecksumAlgorithm.headerPrefix), !notValues.contains(name) else { continue }
      guard let algorithm = ChecksumAlgorithm(headerName: name) else {
        throw S3Error(.notImplemented, "The checksum of \(name) is not supported.")
      }
      guard found == nil else {
        throw S3Error(
          .invalidRequest, "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
      }
      guard let checksum = Checksum(algorithm, received: value) else {
        throw S3Error(.invalidRequest, "Value for \(name) header is invalid.")
      }
      found = checksum
    }
    return found
  }

  /// Headers with the checksums' prefix that are not checksums.
  private static let notValues: Set = ["x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"]

  private static func trailerChecksum(
    in headers: HTTPHeaders, _ hash: PayloadHash
  ) throws(S3Error) -> ChecksumAlgorithm? {
    guard let names = headers["x-amz-trailer"] else { return nil }
    guard hash.hasTrailer else {
      throw S3Error(.invalidRequest, "x-amz-trailer needs a payload hash that ends in -TRAILER.")
    }
    var found: ChecksumAlgorithm?
    for name in names.split(separator: ",").map({ $0.trimmingBlanks.lowercased() }) {
      guard let algorithm = ChecksumAlgorithm(headerName: name), found == nil else {
        throw S3Error(.invalidRequest, "The value specified in the x-amz-trailer header is not supported")
      }
      found = algorithm
    }
    return found
  }
}

extension Substring {
  /// Without spaces and tabs around it.
  var trimmingBlanks: String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    var text = self.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return String(text)
  }
}
