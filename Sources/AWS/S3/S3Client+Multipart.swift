import EventLoop
import Figures

extension S3Client {
  /// Begins an upload in parts. A cancelled task waits for it all the same: what S3 has begun must be known, or nobody could
  /// end it.
  package func createMultipartUpload(
    bucket: String, key: String, contentType: String? = nil
  ) async throws(AWSError) -> MultipartUpload {
    var call = try call("CreateMultipartUpload", "POST", bucket: bucket, key: key)
    call.query = [("uploads", "")]
    call.body = .bytes([])
    call.headers.append((name: "x-amz-checksum-algorithm", value: "CRC32C"))
    if let contentType { call.headers.append((name: "Content-Type", value: contentType)) }
    let root = try document(try await sendUncancelled(call), of: call.operation)
    guard let uploadID = root["UploadId"]?.text.nonEmpty else {
      throw .malformedResponse(operation: call.operation, "no UploadId")
    }
    return MultipartUpload(client: self, bucket: bucket, key: key, uploadID: uploadID)
  }

  func uploadPart(
    _ number: Int, _ body: ObjectBody, bucket: String, key: String, uploadID: String
  ) async throws(AWSError) -> (entityTag: String, checksum: String?) {
    guard (1...MultipartUpload.partCountMax).contains(number) else { throw .invalidArgument("parts 1 to 10000") }
    var call = try call("UploadPart", "PUT", bucket: bucket, key: key)
    call.query = [("partNumber", String(number)), ("uploadId", uploadID)]
    setBody(body, of: &call)
    let response = try await caller.send(call)
    return (entityTag(response), response.headers["x-amz-checksum-crc32c"])
  }

  func completeMultipartUpload(
    bucket: String, key: String, uploadID: String, parts: [(number: Int, entityTag: String, checksum: String?)],
    onlyIfAbsent: Bool
  ) async throws(AWSError) -> String {
    guard !parts.isEmpty else { throw .invalidArgument("an upload without parts cannot be completed") }
    var call = try call("CompleteMultipartUpload", "POST", bucket: bucket, key: key)
    call.query = [("uploadId", uploadID)]
    if onlyIfAbsent { call.headers.append((name: "If-None-Match", value: "*")) }
    let list = parts.map { part in
      let checksum = part.checksum.map { "<ChecksumCRC32C>\($0)</ChecksumCRC32C>" } ?? ""
      return """
        <Part><PartNumber>\(part.number)</PartNumber><ETag>"\(part.entityTag.xmlEscaped)"</ETag>\(checksum)</Part>
        """
    }
    setDocument(
      "<CompleteMultipartUpload xmlns=\"\(Self.namespace)\">\(list.joined())</CompleteMultipartUpload>", of: &call)
    // "Processing can take several minutes": S3 sends a 200 and white space to keep the connection, then says in the
    // body how it went.
    call.timeouts.stall = nil
    call.timeouts.total = max(call.timeouts.total, .seconds(600))
    call.flaw = { response in
      guard let root = try? XMLTree(parsing: response.body), root.name == "Error" else { return nil }
      return .service(.s3(response, operation: "CompleteMultipartUpload"))
    }
    let root = try document(try await caller.send(call), of: call.operation)
    guard root.name == "CompleteMultipartUploadResult" else {
      throw .malformedResponse(operation: call.operation, "<\(root.name)>")
    }
    return ObjectInfo.unquoted(root["ETag"]?.text ?? "")
  }

  /// Aborts every unfinished upload of this very key, those included whose id never arrived since the answer to an attempt
  /// was lost, of which replays on dead connections tell nobody. For keys that no other upload uses.
  package func abortMultipartUploads(bucket: String, key: String) async throws(AWSError) {
    for (found, uploadID) in try await listMultipartUploads(bucket: bucket, prefix: key) where found == key {
      try await abortMultipartUpload(bucket: bucket, key: key, uploadID: uploadID)
    }
  }

  /// The first page of the uploads that were begun and not ended, by key: at most 1000.
  package func listMultipartUploads(
    bucket: String, prefix: String = ""
  ) async throws(AWSError) -> [(key: String, uploadID: String)] {
    var call = try call("ListMultipartUploads", "GET", bucket: bucket)
    call.query = [("uploads", ""), ("encoding-type", "url")]
    if !prefix.isEmpty { call.query.append(("prefix", prefix)) }
    let root = try document(try await caller.send(call), of: call.operation)
    guard root.name == "ListMultipartUploadsResult" else {
      throw .malformedResponse(operation: call.operation, "<\(root.name)>")
    }
    let isEncoded = root["EncodingType"]?.text == "url"
    return root.all("Upload").map { entry in
      let key = entry["Key"]?.text ?? ""
      let plain = isEncoded ? URIEncoding.decode(key, plusIsSpace: true) ?? key : key
      return (plain, entry["UploadId"]?.text ?? "")
    }
  }

  /// Discards the parts of an upload. A cancelled task waits for it all the same.
  func abortMultipartUpload(bucket: String, key: String, uploadID: String) async throws(AWSError) {
    var call = try call("AbortMultipartUpload", "DELETE", bucket: bucket, key: key)
    call.query = [("uploadId", uploadID)]
    do throws(AWSError) {
      _ = try await sendUncancelled(call)
    } catch {
      // It is over already: a completion whose answer was lost, or an abort that is repeated.
      guard error.serviceError?.code == "NoSuchUpload" else { throw error }
    }
  }

  /// The call in a task of its own, which nobody cancels.
  private func sendUncancelled(_ call: ServiceCall) async throws(AWSError) -> TransportResponse {
    let sending = Task<Result<TransportResponse, AWSError>, Never>(executorPreference: EventLoop.shared) {
      [caller, call] in
      do throws(AWSError) { return .success(try await caller.send(call)) } catch { return .failure(error) }
    }
    return try await sending.value.get()
  }
}
