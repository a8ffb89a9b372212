import EventLoop
import HTTP

extension S3Service {
  func putObject(_ request: S3Request) async throws -> S3Answer {
    let (bucket, key) = (request.bucket, request.key)
    try requireBucket(bucket)
    try refuseUnsupportedHeaders(request.headers)
    let condition = try WriteCondition(request.headers)
    let attributes = try ObjectAttributes(
      request.headers, userMetadataByteCountMax: limits.userMetadataByteCountMax)
    // A condition that does not hold is told before the bytes are sent; what counts is the check in the transaction.
    if condition != .none {
      let existing = try database.readNow { try ObjectTable.find($0, bucket, key) }
      try condition.check(existing: existing?.etag, key: key)
    }
    let payload = try await receivePayload(request)
    let record = ObjectRecord(payload, modifiedAt: timestamp(), attributes: attributes)
    try await commit(payload.segments) {
      ((), replaced: try ObjectTable.put($0, bucket, key, record, if: condition))
    }
    var headers: HTTPHeaders = ["ETag": "\"\(record.etag)\""]
    add(record.checksum, to: &headers)
    return .empty(headers: headers)
  }

  func getObject(_ request: S3Request) throws -> S3Answer {
    let record = try object(request.bucket, request.key)
    try ReadConditions(request.headers).check(record)
    let (status, headers, range) = try describe(record, request)
    return .object(status: status, headers: headers, segments: record.segments, range: range)
  }

  func headObject(_ request: S3Request) throws -> S3Answer {
    let record = try object(request.bucket, request.key)
    try ReadConditions(request.headers).check(record)
    var (status, headers, range) = try describe(record, request)
    headers["Content-Length"] = String(range.count)
    return .empty(status, headers: headers)
  }

  func deleteObject(_ request: S3Request) async throws -> S3Answer {
    let (bucket, key) = (request.bucket, request.key)
    try requireBucket(bucket)
    let condition = try WriteCondition(request.headers)
    let removed = try await database.write { try ObjectTable.delete($0, bucket, key, if: condition) }
    files.discard(removed)
    return .empty(.noContent)
  }

  func deleteObjects(_ request: S3Request) async throws -> S3Answer {
    let bucket = request.bucket
    try requireBucket(bucket)
    let body = try XMLNode(parsing: try await collect(request, requiresIntegrity: true), root: "Delete")
    let objects = body.all("Object")
    guard !objects.isEmpty, objects.count <= limits.deleteCountMax else { throw S3Error(.malformedXML) }
    var keys: [String] = []
    for object in objects {
      guard let key = object["Key"], !key.isEmpty else { throw S3Error(.malformedXML) }
      guard object["VersionId"] ?? "null" == "null", object["ETag"] == nil else { throw S3Error(.notImplemented) }
      keys.append(key)
    }
    let removed = try await database.write { [keys] database in
      try keys.flatMap { try ObjectTable.delete(database, bucket, $0, if: .none) }
    }
    files.discard(removed)
    let isQuiet = body["Quiet"] == "true"
    return .xml("DeleteResult") { xml in
      for key in isQuiet ? [] : keys { xml.element("Deleted") { $0.element("Key", key) } }
    }
  }

  // MARK: Payloads in

  /// Streams the payload of a PUT into a file, verified.
  func receivePayload(_ request: S3Request) async throws -> StoredPayload {
    let plan = try PayloadPlan(request.head, request.payloadHash, wantsMD5: true)
    guard plan.byteCount <= limits.putByteCountMax else {
      throw S3Error(
        .entityTooLarge,
        details: [("ProposedSize", String(plan.byteCount)), ("MaxSizeAllowed", String(limits.putByteCountMax))])
    }
    let body = request.body
    let writer = FileWriter(
      FileDraft(files, plan.expectation), pieceByteCount: limits.pieceByteCount, expecting: plan.byteCount)
    writer.onRoom = { body.resume() }
    let receiver = PayloadReceiver(plan, signer: request.chunkSigner) { bytes throws(RequestBodyError) in
      writer.append(bytes)
      if writer.hasFailed { throw .rejected }
      if writer.isFull { body.pause() }
    }
    do {
      return try await writer.finish(try await receiver.receive(body))
    } catch {
      // A disk that is full is the reason for what the body's reader saw.
      throw writer.failure ?? error
    }
  }

  func add(_ checksum: Checksum?, to headers: inout HTTPHeaders) {
    guard let checksum else { return }
    headers.add(checksum.algorithm.headerName, checksum.text)
    headers.add("x-amz-checksum-type", checksum.kind.rawValue)
  }
}
