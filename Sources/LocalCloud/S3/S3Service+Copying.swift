import EventLoop
import HTTP

extension S3Service {
  func copyObject(_ request: S3Request) async throws -> S3Answer {
    let (bucket, key) = (request.bucket, request.key)
    try requireBucket(bucket)
    try refuseUnsupportedHeaders(request.headers)
    let condition = try WriteCondition(request.headers)
    let (source, record) = try copySource(request)
    let replacesMetadata = try directive("x-amz-metadata-directive", request) == "REPLACE"
    _ = try directive("x-amz-tagging-directive", request)
    if source == request.target, !replacesMetadata {
      throw S3Error(
        .invalidRequest,
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
          + "metadata, storage class, website redirect location or encryption attributes.")
    }
    let attributes =
      replacesMetadata
      ? try ObjectAttributes(request.headers, userMetadataByteCountMax: limits.userMetadataByteCountMax)
      : record.attributes
    let payload = try await duplicate(record, checksum: try requestedChecksum(request))
    let copy = ObjectRecord(payload, modifiedAt: timestamp(), attributes: attributes)
    try await commit(payload.segments) { ((), replaced: try ObjectTable.put($0, bucket, key, copy, if: condition)) }
    return .xml("CopyObjectResult") { xml in
      xml.element("LastModified", copy.modifiedAt.iso8601)
      xml.element("ETag", "\"\(copy.etag)\"")
      if let checksum = copy.checksum {
        xml.element(checksum.algorithm.elementName, checksum.text)
        xml.element("ChecksumType", checksum.kind.rawValue)
      }
    }
  }

  func uploadPartCopy(_ request: S3Request, _ upload: String, _ number: Int) async throws -> S3Answer {
    try requireBucket(request.bucket)
    let begun = try database.readNow { try UploadTable.find($0, request.bucket, request.key, upload) }
    let (_, record) = try copySource(request)
    var range = 0..<record.byteCount
    if let text = request.headers["x-amz-copy-source-range"] {
      // Only the form with both ends, and both within the source.
      guard case .closed(let first, let last)? = ByteRange(text) else {
        throw S3Error(
          .invalidArgument,
          "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            + "zero-based offsets of the first and last bytes to copy")
      }
      guard last < record.byteCount else {
        throw S3Error(.invalidArgument, "Range specified is not valid for source object of size: \(record.byteCount)")
      }
      range = first..<last + 1
    }
    guard range.count <= limits.putByteCountMax else { throw S3Error(.entityTooLarge) }
    let payload = try await copyBytes(of: record.segments, range, checksum: begun.checksumAlgorithm)
    let part = PartRecord(number: number, payload, modifiedAt: timestamp())
    try await commit(payload.segments) { ((), replaced: try UploadTable.putPart($0, upload: upload, part)) }
    return .xml("CopyPartResult") { xml in
      xml.element("LastModified", part.modifiedAt.iso8601)
      xml.element("ETag", "\"\(part.etag)\"")
      if let checksum = part.checksum { xml.element(checksum.algorithm.elementName, checksum.text) }
    }
  }

  /// The object that `x-amz-copy-source` names, if its conditions hold.
  private func copySource(_ request: S3Request) throws -> (S3Target, ObjectRecord) {
    let text = request.headers["x-amz-copy-source"] ?? ""
    let path = text.prefix { $0 != "?" }
    if path.endIndex != text.endIndex { throw S3Error(.notImplemented, "Copies of versions are not implemented.") }
    let target = try S3Target(
      path: path.hasPrefix("/") ? String(path) : "/" + path, keyByteCountMax: limits.keyByteCountMax)
    guard let bucket = target.bucket, let key = target.key else {
      throw S3Error(
        .invalidArgument, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        details: [("ArgumentName", "x-amz-copy-source"), ("ArgumentValue", text)])
    }
    let record = try object(bucket, key)
    do {
      try ReadConditions(request.headers, prefix: "x-amz-copy-source-").check(record)
    } catch {
      // Of a copy there is no "not modified".
      throw S3Error(.preconditionFailed)
    }
    return (target, record)
  }

  private func directive(_ name: String, _ request: S3Request) throws(S3Error) -> String {
    let value = request.headers[name] ?? "COPY"
    guard value == "COPY" || value == "REPLACE" else {
      throw S3Error(.invalidArgument, "Unknown metadata directive.", details: [("ArgumentName", name)])
    }
    return value
  }

  private func requestedChecksum(_ request: S3Request) throws(S3Error) -> ChecksumAlgorithm? {
    guard let text = request.headers["x-amz-checksum-algorithm"] else { return nil }
    guard let algorithm = ChecksumAlgorithm(received: text) else {
      throw S3Error(
        .invalidRequest, "Checksum algorithm provided is unsupported. Please try again with any of the valid types")
    }
    return algorithm
  }

  /// Files never change, so a copy is a second name for the same bytes, unless the copy needs digests that the source
  /// does not have: a new checksum, or the plain MD5 of what came in parts.
  private func duplicate(_ record: ObjectRecord, checksum: ChecksumAlgorithm?) async throws -> StoredPayload {
    guard record.partCount == nil, checksum == nil || checksum == record.checksum?.algorithm,
      let md5 = record.md5, record.byteCount <= limits.putByteCountMax
    else {
      guard record.byteCount <= limits.putByteCountMax else {
        throw S3Error(
          .invalidRequest,
          "The specified copy source is larger than the maximum allowable size for a copy source: "
            + "\(limits.putByteCountMax)")
      }
      return try await copyBytes(
        of: record.segments, 0..<record.byteCount, checksum: checksum ?? record.checksum?.algorithm)
    }
    let originals = record.segments.map(\.file)
    files.pin(originals)
    defer { files.unpin(originals) }
    let segments = try await EventLoop.shared.offload { [files] in
      try record.segments.map { Segment(file: try files.link($0.file), byteCount: $0.byteCount) }
    }
    return StoredPayload(segments: segments, digest: PayloadDigest(md5: md5, checksum: record.checksum))
  }

  /// Reads and writes piece by piece, one visit to the thread pool each, so that others get their turn.
  private func copyBytes(
    of segments: [Segment], _ range: Range<Int>, checksum: ChecksumAlgorithm?
  ) async throws -> StoredPayload {
    let slices = segments.slices(of: range)
    let originals = slices.map(\.file)
    files.pin(originals)
    defer { files.unpin(originals) }
    let draft = FileDraft(files, PayloadExpectation(checksum: checksum))
    for slice in slices {
      for start in stride(from: slice.range.lowerBound, to: slice.range.upperBound, by: limits.pieceByteCount) {
        let piece = start..<min(start + limits.pieceByteCount, slice.range.upperBound)
        try await EventLoop.shared.offload { [files] in try draft.write(try files.read(slice.file, piece)) }
      }
    }
    return try await EventLoop.shared.offload { try draft.publish(PayloadAnnouncement()) }
  }
}
