import AWS
import HTTP

/// The parts a client says an upload consists of (`CompleteMultipartUpload`), and how they become an object. Pure.
struct CompletedParts: Sendable {
  struct Part: Sendable {
    let number: Int
    let etag: String
    let checksum: Checksum?
  }

  let parts: [Part]
  /// `x-amz-checksum-…` of the request: what the whole must come to.
  private let checksum: Checksum?
  /// `x-amz-mp-object-size`.
  private let byteCount: Int?

  init(_ body: [UInt8], _ headers: HTTPHeaders, _ limits: LocalCloudLimits) throws(S3Error) {
    let root = try XMLNode(parsing: body, root: "CompleteMultipartUpload")
    var parts: [Part] = []
    for node in root.all("Part") {
      guard let number = node["PartNumber"].flatMap({ Int($0) }), let etag = node["ETag"] else {
        throw S3Error(.malformedXML)
      }
      if let last = parts.last, number <= last.number { throw S3Error(.invalidPartOrder) }
      parts.append(
        Part(number: number, etag: EntityTags.unquoted(etag), checksum: try CompletedParts.checksum(of: node)))
    }
    guard !parts.isEmpty, parts.count <= limits.partNumberMax else { throw S3Error(.malformedXML) }
    self.parts = parts
    checksum = try CompletedParts.checksum(in: headers)
    byteCount = headers["x-amz-mp-object-size"].flatMap { Int($0) }
  }

  private static func checksum(of node: XMLNode) throws(S3Error) -> Checksum? {
    for algorithm in ChecksumAlgorithm.allCases {
      guard let text = node[algorithm.elementName] else { continue }
      guard let checksum = Checksum(algorithm, received: text) else { throw S3Error(.invalidPart) }
      return checksum
    }
    return nil
  }

  private static func checksum(in headers: HTTPHeaders) throws(S3Error) -> Checksum? {
    for algorithm in ChecksumAlgorithm.allCases {
      guard let text = headers[algorithm.headerName] else { continue }
      guard let checksum = Checksum(algorithm, received: text, allowsComposite: true) else {
        throw S3Error(.invalidRequest, "Value for \(algorithm.headerName) header is invalid.")
      }
      return checksum
    }
    return nil
  }

  /// - Parameter stored: The parts that have arrived.
  func assemble(
    _ upload: UploadRecord, _ stored: [PartRecord], modifiedAt: Timestamp, _ limits: LocalCloudLimits
  ) throws(S3Error) -> ObjectRecord {
    let byNumber = Dictionary(stored.map { ($0.number, $0) }, uniquingKeysWith: { $1 })
    var used: [PartRecord] = []
    for part in parts {
      guard let found = byNumber[part.number], found.etag == part.etag,
        part.checksum == nil || found.checksum == nil || part.checksum == found.checksum
      else {
        throw S3Error(
          .invalidPart,
          details: [("UploadId", upload.id), ("PartNumber", String(part.number)), ("ETag", part.etag)])
      }
      used.append(found)
    }
    for part in used.dropLast() where part.byteCount < limits.partByteCountMin {
      throw S3Error(
        .entityTooSmall,
        details: [
          ("ProposedSize", String(part.byteCount)), ("MinSizeAllowed", String(limits.partByteCountMin)),
          ("PartNumber", String(part.number)), ("ETag", part.etag),
        ])
    }
    let total = used.reduce(0) { $0 + $1.byteCount }
    guard total <= limits.objectByteCountMax else { throw S3Error(.entityTooLarge) }
    if let byteCount, byteCount != total {
      throw S3Error(
        .invalidRequest,
        "The provided 'x-amz-mp-object-size' header value \(byteCount) does not match what was computed: \(total)")
    }
    let digests = used.flatMap { Hexadecimal.decode($0.etag) ?? [] }
    return ObjectRecord(
      segments: used.flatMap(\.segments), byteCount: total,
      etag: Hexadecimal.encode(MessageDigest.md5.hash(digests)) + "-\(used.count)", modifiedAt: modifiedAt,
      checksum: try wholeChecksum(of: used, upload), attributes: upload.attributes)
  }

  private func wholeChecksum(of used: [PartRecord], _ upload: UploadRecord) throws(S3Error) -> Checksum? {
    guard let algorithm = upload.checksumAlgorithm, let kind = upload.checksumKind else { return nil }
    var found: [(checksum: Checksum, byteCount: Int)] = []
    for part in used {
      guard let checksum = part.checksum, checksum.algorithm == algorithm else {
        throw S3Error(
          .invalidRequest,
          "The upload was created using a \(algorithm.rawValue) checksum. The complete request must include the checksum "
            + "for each part. It was missing for part \(part.number) in the request.")
      }
      found.append((checksum, part.byteCount))
    }
    let whole: Checksum
    switch (kind, algorithm.combination) {
    case (.fullObject, let combination?):
      var bytes = found.first?.checksum.bytes ?? []
      for part in found.dropFirst() {
        bytes = combination.combine(bytes, part.checksum.bytes, byteCountOfSecond: part.byteCount)
      }
      whole = Checksum(algorithm, bytes)
    default:
      let joined = RunningChecksum.checksum(of: found.flatMap(\.checksum.bytes), algorithm)
      whole = Checksum(algorithm, joined.bytes, partCount: found.count)
    }
    // A composite one may be sent with its count or without.
    if let checksum, checksum.algorithm != algorithm || checksum.bytes != whole.bytes {
      throw S3Error(
        .badDigest, "The \(algorithm.rawValue) you specified did not match the calculated checksum.",
        details: [("ExpectedDigest", checksum.text), ("CalculatedDigest", whole.text)])
    }
    return whole
  }
}
