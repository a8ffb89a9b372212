import AWS
import HTTP

extension S3Service {
  func createMultipartUpload(_ request: S3Request) async throws -> S3Answer {
    let (bucket, key) = (request.bucket, request.key)
    try requireBucket(bucket)
    try refuseUnsupportedHeaders(request.headers)
    let (algorithm, kind) = try checksumOfUpload(request.headers)
    let upload = UploadRecord(
      id: uploadID(), key: key, createdAt: timestamp(), checksumAlgorithm: algorithm, checksumKind: kind,
      attributes: try ObjectAttributes(request.headers, userMetadataByteCountMax: limits.userMetadataByteCountMax))
    try await database.write { try UploadTable.create($0, bucket, upload) }
    var headers = HTTPHeaders()
    if let algorithm { headers.add("x-amz-checksum-algorithm", algorithm.name) }
    if let kind { headers.add("x-amz-checksum-type", kind.rawValue) }
    return .xml("InitiateMultipartUploadResult", headers: headers) { xml in
      xml.element("Bucket", bucket)
      xml.element("Key", key)
      xml.element("UploadId", upload.id)
    }
  }

  func uploadPart(_ request: S3Request, _ upload: String, _ number: Int) async throws -> S3Answer {
    try requireBucket(request.bucket)
    try refuseUnsupportedHeaders(request.headers)
    let begun = try database.readNow { try UploadTable.find($0, request.bucket, request.key, upload) }
    let payload = try await receivePayload(request)
    if let wanted = begun.checksumAlgorithm, let sent = payload.digest.checksum?.algorithm, sent != wanted {
      files.discard(payload.segments.map(\.file))
      throw S3Error(
        .invalidRequest,
        "Checksum Type mismatch occurred, expected checksum Type: \(wanted.rawValue), actual checksum Type: \(sent.rawValue)"
      )
    }
    let part = PartRecord(number: number, payload, modifiedAt: timestamp())
    try await commit(payload.segments) { ((), replaced: try UploadTable.putPart($0, upload: upload, part)) }
    var headers: HTTPHeaders = ["ETag": "\"\(part.etag)\""]
    if let checksum = part.checksum { headers.add(checksum.algorithm.headerName, checksum.text) }
    return .empty(headers: headers)
  }

  /// Moves no bytes: the object's row names the parts' files, in the transaction that ends the upload.
  func completeMultipartUpload(_ request: S3Request, _ upload: String) async throws -> S3Answer {
    let (bucket, key) = (request.bucket, request.key)
    try requireBucket(bucket)
    let condition = try WriteCondition(request.headers)
    let wanted = try CompletedParts(
      try await collect(request, checksumIsOfBody: false), request.headers, limits)
    let modifiedAt = timestamp()
    let record = try await commit([]) { [limits] database in
      let begun = try UploadTable.find(database, bucket, key, upload)
      let parts = try UploadTable.parts(database, upload: upload, countMax: limits.partNumberMax)
      let record = try wanted.assemble(begun, parts, modifiedAt: modifiedAt, limits)
      let used = Set(record.segments.map(\.file))
      let unused = try UploadTable.delete(database, upload: upload).filter { !used.contains($0) }
      return (record, replaced: try ObjectTable.put(database, bucket, key, record, if: condition) + unused)
    }
    return .xml("CompleteMultipartUploadResult") { xml in
      xml.element("Location", "http://\(request.head.authority)/\(bucket)/\(URIEncoding.encodePath(key))")
      xml.element("Bucket", bucket)
      xml.element("Key", key)
      xml.element("ETag", "\"\(record.etag)\"")
      if let checksum = record.checksum {
        xml.element(checksum.algorithm.elementName, checksum.text)
        xml.element("ChecksumType", checksum.kind.rawValue)
      }
    }
  }

  func abortMultipartUpload(_ request: S3Request, _ upload: String) async throws -> S3Answer {
    let (bucket, key) = (request.bucket, request.key)
    try requireBucket(bucket)
    let abandoned = try await database.write { database in
      _ = try UploadTable.find(database, bucket, key, upload)
      return try UploadTable.delete(database, upload: upload)
    }
    files.discard(abandoned)
    return .empty(.noContent)
  }

  func listParts(_ request: S3Request, _ upload: String) async throws -> S3Answer {
    let query = try listingQuery(request, countParameter: "max-parts")
    let (bucket, key) = (request.bucket, request.key)
    guard let marker = Int(request.query["part-number-marker"] ?? "0"), marker >= 0 else {
      throw S3Error(.invalidArgument, details: [("ArgumentName", "part-number-marker")])
    }
    let (begun, found) = try await database.read { database in
      (
        try UploadTable.find(database, bucket, key, upload),
        try UploadTable.parts(database, upload: upload, after: marker, countMax: query.countMax + 1)
      )
    }
    let parts = found.prefix(query.countMax)
    return .xml("ListPartsResult") { xml in
      xml.element("Bucket", bucket)
      xml.element("Key", key)
      xml.element("UploadId", upload)
      xml.element("PartNumberMarker", marker)
      if let last = parts.last { xml.element("NextPartNumberMarker", last.number) }
      xml.element("MaxParts", query.countMax)
      xml.element("IsTruncated", query.countMax > 0 && found.count > parts.count)
      if let algorithm = begun.checksumAlgorithm { xml.element("ChecksumAlgorithm", algorithm.name) }
      if let kind = begun.checksumKind { xml.element("ChecksumType", kind.rawValue) }
      for part in parts {
        xml.element("Part") { xml in
          xml.element("PartNumber", part.number)
          xml.element("LastModified", part.modifiedAt.iso8601)
          xml.element("ETag", "\"\(part.etag)\"")
          xml.element("Size", part.byteCount)
          if let checksum = part.checksum { xml.element(checksum.algorithm.elementName, checksum.text) }
        }
      }
      xml.element("StorageClass", "STANDARD")
    }
  }

  func listMultipartUploads(_ request: S3Request) async throws -> S3Answer {
    var query = try listingQuery(request, countParameter: "max-uploads")
    query.after = request.query["key-marker"] ?? ""
    let marker = request.query["upload-id-marker"].flatMap { $0.isEmpty ? nil : $0 }
    let encodes = try encodesURLs(request)
    let page = try await database.read { [query] in try UploadTable.page($0, query, afterUpload: marker) }
    return .xml("ListMultipartUploadsResult") { xml in
      xml.element("Bucket", query.bucket)
      xml.element("KeyMarker", encoded(query.after, encodes))
      xml.element("UploadIdMarker", marker ?? "")
      if page.isTruncated, let next = page.nextMarker {
        xml.element("NextKeyMarker", encoded(next.key, encodes))
        xml.element("NextUploadIdMarker", next.upload ?? "")
      }
      xml.element("Prefix", encoded(query.prefix, encodes))
      if !query.delimiter.isEmpty { xml.element("Delimiter", encoded(query.delimiter, encodes)) }
      if encodes { xml.element("EncodingType", "url") }
      xml.element("MaxUploads", query.countMax)
      xml.element("IsTruncated", page.isTruncated)
      for upload in page.uploads {
        xml.element("Upload") { xml in
          xml.element("Key", encoded(upload.key, encodes))
          xml.element("UploadId", upload.id)
          xml.element("Initiated", upload.createdAt.iso8601)
          xml.element("StorageClass", "STANDARD")
          if let algorithm = upload.checksumAlgorithm { xml.element("ChecksumAlgorithm", algorithm.name) }
          if let kind = upload.checksumKind { xml.element("ChecksumType", kind.rawValue) }
        }
      }
      for prefix in page.commonPrefixes {
        xml.element("CommonPrefixes") { $0.element("Prefix", encoded(prefix, encodes)) }
      }
    }
  }

  private func checksumOfUpload(_ headers: HTTPHeaders) throws(S3Error) -> (ChecksumAlgorithm?, Checksum.Kind?) {
    let kindText = headers["x-amz-checksum-type"]
    guard let text = headers["x-amz-checksum-algorithm"] else {
      if kindText != nil {
        throw S3Error(
          .invalidRequest, "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
      }
      return (nil, nil)
    }
    guard let algorithm = ChecksumAlgorithm(received: text) else {
      throw S3Error(
        .invalidRequest, "Checksum algorithm provided is unsupported. Please try again with any of the valid types")
    }
    let kind = kindText.map { Checksum.Kind(rawValue: $0.uppercased()) } ?? algorithm.kindDefault
    guard let kind, algorithm.allows(kind) else {
      throw S3Error(
        .invalidRequest,
        "The \(kindText ?? "") checksum type cannot be used with the \(algorithm.rawValue) checksum algorithm.")
    }
    return (algorithm, kind)
  }

  /// Grows with time, so that uploads of one key list by age, and cannot be guessed.
  private func uploadID() -> String {
    let time = timestamp().millisecondsSinceEpoch
    let bytes = stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: time >> Int64($0)) }
    return Hexadecimal.encode(bytes + FileID.random().bytes)
  }
}
