import EventLoop

extension S3Client {
  /// Stores an object. All or nothing: an upload that fails leaves nothing behind.
  ///
  /// - Parameter onlyIfAbsent: fails with `isPreconditionFailed` when there is an object of that key; also when it was an
  ///   earlier attempt of this call that stored it, and only its answer was lost.
  /// - Returns: the entity tag.
  @discardableResult
  package func putObject(
    bucket: String, key: String, body: ObjectBody, contentType: String? = nil, metadata: [(String, String)] = [],
    onlyIfAbsent: Bool = false
  ) async throws(AWSError) -> String {
    let call = try putCall(
      bucket: bucket, key: key, body: body, contentType: contentType, metadata: metadata, onlyIfAbsent: onlyIfAbsent)
    return entityTag(try await caller.send(call))
  }

  /// As `putObject`, for those who need no task to wait for it.
  ///
  /// - Parameter completion: Called once, perhaps before this returns.
  /// - Returns: What it can be cancelled with; nil when it is over already.
  package func startPut(
    bucket: String, key: String, body: ObjectBody, onlyIfAbsent: Bool,
    _ completion: @escaping @LoopActor (Result<Void, AWSError>) -> Void
  ) -> RunningCall? {
    do throws(AWSError) {
      let call = try putCall(bucket: bucket, key: key, body: body, onlyIfAbsent: onlyIfAbsent)
      return caller.start(call) { completion($0.map { _ in }) }
    } catch {
      completion(.failure(error))
      return nil
    }
  }

  private func putCall(
    bucket: String, key: String, body: ObjectBody, contentType: String? = nil, metadata: [(String, String)] = [],
    onlyIfAbsent: Bool
  ) throws(AWSError) -> ServiceCall {
    var call = try call("PutObject", "PUT", bucket: bucket, key: key)
    call.headers.reserveCapacity(8)
    if onlyIfAbsent { call.headers.append((name: "If-None-Match", value: "*")) }
    if let contentType { call.headers.append((name: "Content-Type", value: contentType)) }
    for (name, value) in metadata { call.headers.append((name: "x-amz-meta-" + name, value: value)) }
    setBody(body, of: &call)
    return call
  }

  /// Reads an object into memory; one of more than `byteCountMax` bytes fails with `responseTooLarge`.
  ///
  /// - Parameter range: of bytes; nil for all of them, which are then checked against the object's CRC-32C if it has one.
  package func getObject(
    bucket: String, key: String, upTo byteCountMax: Int, range: Range<Int>? = nil
  ) async throws(AWSError) -> StoredObject {
    var call = try getCall(bucket: bucket, key: key, range: range)
    call.response = .collect(byteCountMax: byteCountMax)
    if range == nil {
      call.headers.append((name: "x-amz-checksum-mode", value: "ENABLED"))
      call.flaw = { response in
        guard let sum = ObjectInfo.crc32c(response.headers) else { return nil }
        return sum == CRC32C(of: response.body).base64 ? nil : .checksumMismatch(operation: "GetObject")
      }
    }
    let response = try await caller.send(call)
    return StoredObject(info: ObjectInfo(response.headers), bytes: response.body)
  }

  /// Hands an object's bytes to a sink as they arrive.
  @discardableResult
  package func getObject(
    bucket: String, key: String, to sink: any ResponseSink, range: Range<Int>? = nil
  ) async throws(AWSError) -> ObjectInfo {
    var call = try getCall(bucket: bucket, key: key, range: range)
    call.response = .sink(sink)
    return ObjectInfo(try await caller.send(call).headers)
  }

  /// What is known of an object, without its bytes. Throws `isNotFound` when there is none.
  package func headObject(bucket: String, key: String) async throws(AWSError) -> ObjectInfo {
    var call = try call("HeadObject", "HEAD", bucket: bucket, key: key)
    call.headers.append((name: "x-amz-checksum-mode", value: "ENABLED"))
    return ObjectInfo(try await caller.send(call).headers)
  }

  /// Deletes an object; succeeds when there is none.
  package func deleteObject(bucket: String, key: String) async throws(AWSError) {
    _ = try await caller.send(try call("DeleteObject", "DELETE", bucket: bucket, key: key))
  }

  /// An URL from which anybody can read the object until it expires. Nothing is sent, nothing is checked.
  ///
  /// - Parameter expiry: one second to seven days.
  package func presignedURL(bucket: String, key: String, validFor expiry: Duration) async throws(AWSError) -> String {
    let seconds = Int(expiry.components.seconds)
    guard (1...SigV4.expirySecondsMax).contains(seconds) else {
      throw .invalidArgument("a presigned URL is valid for one second to seven days")
    }
    return try await caller.presign(
      try call("GetObject", "GET", bucket: bucket, key: key), expiresInSeconds: seconds)
  }

  private func getCall(bucket: String, key: String, range: Range<Int>?) throws(AWSError) -> ServiceCall {
    var call = try call("GetObject", "GET", bucket: bucket, key: key)
    if let range {
      guard range.lowerBound >= 0, !range.isEmpty else { throw .invalidArgument("an empty or negative byte range") }
      call.headers.append((name: "Range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
    }
    return call
  }

  func setBody(_ body: ObjectBody, of call: inout ServiceCall) {
    switch body {
    case .bytes(let bytes, let checksum):
      call.headers.append((name: "x-amz-checksum-crc32c", value: (checksum ?? CRC32C(of: bytes)).base64))
      call.payloadHash = .unsigned
      call.body = .bytes(bytes)
    case .source(let source, let byteCount, let checksum?):
      call.headers.append((name: "x-amz-checksum-crc32c", value: checksum.base64))
      call.payloadHash = .unsigned
      call.body = .source(source, byteCount: byteCount)
    case .source(let source, let byteCount, nil):
      let framed = ChunkedUploadSource(source, byteCount: byteCount)
      call.headers.append((name: "Content-Encoding", value: "aws-chunked"))
      call.headers.append((name: "x-amz-decoded-content-length", value: String(byteCount)))
      call.headers.append((name: "x-amz-trailer", value: ChunkedUploadSource.trailerName))
      call.payloadHash = .streamingUnsignedTrailer
      call.body = .source(framed, byteCount: framed.framedByteCount)
    }
  }

  func entityTag(_ response: TransportResponse) -> String {
    response.headers["etag"].map(ObjectInfo.unquoted) ?? ""
  }
}
