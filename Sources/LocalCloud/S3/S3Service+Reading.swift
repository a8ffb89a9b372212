import EventLoop
import HTTP

extension S3Service {
  /// Response headers that a signed GET may set for itself.
  private static let overrides = [
    "response-content-type": "content-type", "response-content-language": "content-language",
    "response-expires": "expires", "response-cache-control": "cache-control",
    "response-content-disposition": "content-disposition", "response-content-encoding": "content-encoding",
  ]

  /// Status, headers and extent of what a GET of this object sends, and a HEAD would.
  func describe(
    _ record: ObjectRecord, _ request: S3Request
  ) throws(S3Error) -> (HTTPStatus, HTTPHeaders, Range<Int>) {
    var headers: HTTPHeaders = [
      "ETag": "\"\(record.etag)\"", "Last-Modified": record.modifiedAt.httpDate.description, "Accept-Ranges": "bytes",
    ]
    record.attributes.add(to: &headers)
    for parameter in request.query.parameters {
      if let name = S3Service.overrides[parameter.name] { headers[name] = parameter.value }
    }
    let whole = 0..<record.byteCount
    var range = whole
    var isPartial = false
    if let text = request.query["partNumber"] {
      guard !request.headers.contains("range") else {
        throw S3Error(.invalidRequest, "Cannot specify both Range header and partNumber query parameter")
      }
      range = try part(text, of: record)
      isPartial = true
      if let count = record.partCount { headers.add("x-amz-mp-parts-count", String(count)) }
    } else if let wanted = request.headers["range"].flatMap({ ByteRange($0) }), ifRangeHolds(record, request) {
      range = try wanted.resolve(record.byteCount)
      isPartial = true
    }
    if isPartial, !range.isEmpty {
      headers.add("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(record.byteCount)")
    }
    // A checksum of the whole would fail every client that checks the part it got.
    if request.headers["x-amz-checksum-mode"]?.lowercased() == "enabled", range == whole {
      add(record.checksum, to: &headers)
    }
    return (isPartial && !range.isEmpty ? .partialContent : .ok, headers, range)
  }

  /// RFC 9110 section 13.1.5: a range of another version than the client has would corrupt what it puts together.
  private func ifRangeHolds(_ record: ObjectRecord, _ request: S3Request) -> Bool {
    guard let text = request.headers["if-range"] else { return true }
    if let date = HTTP.HTTPDate(parsing: text) { return record.modifiedAt.httpDate == date }
    return EntityTags(text).contains(record.etag)
  }

  private func part(_ text: String, of record: ObjectRecord) throws(S3Error) -> Range<Int> {
    guard let number = Int(text), (1...limits.partNumberMax).contains(number) else {
      throw S3Error(
        .invalidArgument, "Part number must be an integer between 1 and \(limits.partNumberMax), inclusive")
    }
    // An object that came in one piece is its own first part.
    guard record.partCount != nil else {
      guard number == 1 else { throw S3Error(.invalidPartNumber) }
      return 0..<record.byteCount
    }
    guard number <= record.segments.count else { throw S3Error(.invalidPartNumber) }
    let start = record.segments[..<(number - 1)].reduce(0) { $0 + $1.byteCount }
    return start..<start + record.segments[number - 1].byteCount
  }

  /// Sends bytes of an object. A short answer is read by one visit to the thread pool; a long one piece by piece, as fast as
  /// the client takes it.
  func send(
    _ segments: [Segment], _ range: Range<Int>, status: HTTPStatus, headers: HTTPHeaders, _ request: S3Request,
    _ response: consuming ResponseWriter
  ) async {
    let slices = segments.slices(of: range)
    let pinned = slices.map(\.file)
    files.pin(pinned)
    defer { files.unpin(pinned) }
    do {
      if slices.count <= 1, range.count <= limits.pieceByteCount {
        let bytes = try await read(slices)
        return response.send(HTTPResponse(status: status, headers: headers, body: bytes))
      }
    } catch {
      return response.send(failure(error, request))
    }
    let body = response.begin(status, headers: headers, contentLength: range.count)
    do {
      for slice in slices {
        let file = try await EventLoop.shared.offload { [files] in try OpenFile(files, slice.file) }
        var position = slice.range.lowerBound
        while position < slice.range.upperBound {
          let piece = position..<min(position + limits.pieceByteCount, slice.range.upperBound)
          try await body.write(try await EventLoop.shared.offload { try file.read(piece) })
          position = piece.upperBound
        }
      }
      body.finish()
    } catch {
      // The head is gone: dropping the writer resets the connection, so that nobody takes this for the whole.
      if !(error is RequestBodyError) { _ = failure(error, request) }
    }
  }

  private func read(_ slices: [(file: FileID, range: Range<Int>)]) async throws -> [UInt8] {
    guard let slice = slices.first else { return [] }
    return try await EventLoop.shared.offload { [files] in try files.read(slice.file, slice.range) }
  }
}
