import CCurl
import EventLoop
import Glibc

/// One curl easy handle and the request it is busy with. Handles are kept and used again: what they have in common is
/// set once here, what differs is set in `prepare`. Callbacks only ever note what happened; a handle is taken out of
/// the multi handle and given back by `ProxiedTransport`, never from inside curl.
@LoopActor final class Transfer {
  let easy: UnsafeMutableRawPointer
  var ticket: UInt64 = 0
  var completion: Transport.Completion?

  private let limits: TransportLimits
  private let errorText: UnsafeMutablePointer<CChar>
  private var headerList = RequestHeaderList()
  /// Asks the transport to call `unpause`: at once, or when curl has returned.
  private let onUnpause: @LoopActor (Transfer) -> Void

  private var bytes: [UInt8] = []
  private var source: (any UploadSource)?
  private var sentByteCount = 0
  private var announcedByteCount = 0
  private var stallIsWatched = false
  private var sourceIsPaused = false
  private var sinkIsPaused = false

  private var status = 0
  private var headers = ResponseHeaders()
  private var headIsComplete = false
  private var collector: ResponseCollector
  private var failure: TransportError?
  private var wasReplayed = false

  init(limits: TransportLimits, sockets: ProxiedTransport, onUnpause: @escaping @LoopActor (Transfer) -> Void) {
    guard let easy = curl_easy_init() else { preconditionFailure("curl_easy_init: out of memory") }
    self.easy = easy
    self.limits = limits
    collector = ResponseCollector(limits: limits)
    self.onUnpause = onUnpause
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let context = Unmanaged.passUnretained(self).toOpaque()
    saccade_curl_set_pointer(easy, CURLOPT_PRIVATE, context)
    saccade_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    setDefaults()
    setCallbacks(context: context)
    sockets.adopt(easy)
  }

  /// The handle must not be in a multi handle any more.
  func destroy() {
    curl_easy_cleanup(easy)
    errorText.deallocate()
  }

  private func setDefaults() {
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_TCP_NODELAY, 1)
    set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    set(CURLOPT_FOLLOWLOCATION, 0)
    // An object's key may contain "/../"; it is part of what was signed.
    set(CURLOPT_PATH_AS_IS, 1)
    set(CURLOPT_BUFFERSIZE, limits.downloadBufferByteCount)
    set(CURLOPT_MAXAGE_CONN, Int(limits.idleConnectionAgeMax.components.seconds))
    set(CURLOPT_DNS_SHUFFLE_ADDRESSES, 1)
    saccade_curl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
    if let file = limits.certificateAuthorityFile { saccade_curl_set_string(easy, CURLOPT_CAINFO, file) }
  }

  private func set(_ option: CURLoption, _ value: Int) { saccade_curl_set_long(easy, option, value) }

  /// Sets the handle up for this request. On an error nothing is left to undo but `release`.
  /// - Parameter activeCount: Requests that are under way already. Beyond `largeBufferCountMax` buffers are small. Beyond as
  ///   many as connections are kept, this one gets a connection for itself, since curl looks through all there are for a
  ///   free one, and again for the oldest when one is given back: with thousands of them that costs more than the upload.
  func prepare(_ request: TransportRequest, activeCount: Int) throws(TransportError) {
    guard request.endpoint != nil else { throw .invalidRequest("URL") }
    guard Self.isToken(request.method) else { throw .invalidRequest("method \"\(request.method)\"") }
    errorText[0] = 0
    guard saccade_curl_set_string(easy, CURLOPT_URL, request.url) == CURLE_OK else { throw .invalidRequest("URL") }
    set(CURLOPT_CONNECTTIMEOUT_MS, request.timeouts.connect.wholeMilliseconds)
    let isSurplus = activeCount >= limits.cachedConnectionCountMax
    set(CURLOPT_FRESH_CONNECT, isSurplus ? 1 : 0)
    set(CURLOPT_FORBID_REUSE, isSurplus ? 1 : 0)
    set(CURLOPT_TIMEOUT_MS, request.timeouts.total.wholeMilliseconds)
    set(CURLOPT_LOW_SPEED_TIME, Int(request.timeouts.stall?.components.seconds ?? 0))
    stallIsWatched = request.timeouts.stall != nil
    set(CURLOPT_LOW_SPEED_LIMIT, stallIsWatched ? 1 : 0)
    // curl knows no less than 16 KiB.
    let isCrowded = activeCount >= limits.largeBufferCountMax
    set(CURLOPT_UPLOAD_BUFFERSIZE, isCrowded ? limits.crowdedUploadBufferByteCount : limits.uploadBufferByteCount)
    collector.begin(request)
    prepare(body: request.body, method: request.method)
    try prepare(headers: request.headers)
    collector.sink?.onWritable = { [weak self] in self?.sinkIsWritable() }
  }

  private func prepare(body: TransportRequest.RequestBody, method: String) {
    // HTTPGET undoes what an earlier request's UPLOAD, POST or NOBODY have set.
    set(CURLOPT_HTTPGET, 1)
    switch body {
    case .none:
      if collector.isHead { set(CURLOPT_NOBODY, 1) }
    case .bytes(let bytes) where bytes.count <= Self.inlineBodyByteCountMax:
      // Head and body leave in one system call.
      saccade_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
      _ = bytes.withUnsafeBytes { saccade_curl_set_copied_body(easy, $0.baseAddress ?? UnsafeRawPointer(errorText)) }
    case .bytes(let bytes):
      self.bytes = bytes
      set(CURLOPT_UPLOAD, 1)
      saccade_curl_set_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(bytes.count))
    case .source(let source, let byteCount):
      self.source = source
      announcedByteCount = byteCount
      source.onReadable = { [weak self] in self?.sourceIsReadable() }
      set(CURLOPT_UPLOAD, 1)
      saccade_curl_set_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(byteCount))
    }
    saccade_curl_set_string(easy, CURLOPT_CUSTOMREQUEST, collector.isHead ? nil : method)
  }

  private func prepare(headers: [(name: String, value: String)]) throws(TransportError) {
    let byteCount = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    headerList.reserve(headerCount: headers.count + 3, byteCount: byteCount + 32)
    var contentTypeIsSet = false
    for (name, value) in headers {
      guard headerList.append(name: name, value: value) else { throw .invalidRequest("header \"\(name)\"") }
      if name.utf8.count == 12, name.lowercased() == "content-type" { contentTypeIsSet = true }
    }
    // What curl would add by itself. "Expect: 100-continue" costs a round trip, or a second where a server does not
    // know it, and spares nothing: the first window of a body fits the kernel's buffer, and an early error response
    // ends an upload anyway.
    headerList.suppress("Expect")
    headerList.suppress("Accept")
    if !contentTypeIsSet { headerList.suppress("Content-Type") }
    saccade_curl_set_headers(easy, headerList.first)
  }

  /// Ends the request: what the continuation gets for curl's verdict.
  func outcome(_ code: CURLcode) -> Result<TransportResponse, TransportError> {
    if let failure { return .failure(failure) }
    guard code == CURLE_OK else { return .failure(error(code)) }
    guard headIsComplete else { return .failure(.malformedResponse("no response head")) }
    return .success(TransportResponse(status: status, headers: headers, body: collector.body))
  }

  /// A kept connection may be closed by the server just as the next request sets out on it. curl replays that itself when
  /// it learns of it by reading; when it learns by writing, this does, on a fresh connection, and once.
  func prepareReplay(after code: CURLcode) -> Bool {
    var newConnectionCount = 1
    saccade_curl_get_long(easy, CURLINFO_NUM_CONNECTS, &newConnectionCount)
    guard code == CURLE_SEND_ERROR, failure == nil, newConnectionCount == 0, status == 0, !wasReplayed,
      rewind(offset: 0, origin: SEEK_SET) == CURL_SEEKFUNC_OK
    else { return false }
    wasReplayed = true
    sourceIsPaused = false
    errorText[0] = 0
    set(CURLOPT_FRESH_CONNECT, 1)
    return true
  }

  /// Forgets the request, keeps the handle. It must be out of the multi handle.
  func release() {
    source?.onReadable = nil
    collector.sink?.onWritable = nil
    collector.reset()
    source = nil
    announcedByteCount = 0
    saccade_curl_set_headers(easy, nil)
    headerList.removeAll()
    bytes = []
    headers = ResponseHeaders()
    status = 0
    sentByteCount = 0
    headIsComplete = false
    sourceIsPaused = false
    sinkIsPaused = false
    wasReplayed = false
    failure = nil
    completion = nil
  }

  private func error(_ code: CURLcode) -> TransportError {
    let text = errorText[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
    switch code {
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return .invalidRequest(text)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .nameResolution(text)
    // A handshake that broke off is a lost connection; one that was refused is a matter of certificates.
    case CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_PROXY: return .connect(text)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED:
      return .tls(text)
    case CURLE_OPERATION_TIMEDOUT: return .timedOut(text, connected: hasConnected)
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE: return .connectionLost(text)
    case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP_RETURNED_ERROR:
      return .malformedResponse(text)
    case CURLE_SEND_FAIL_REWIND: return .sourceNotReplayable
    default: return .other(code: Int32(bitPattern: code.rawValue), text)
    }
  }

  /// The request's first byte has left or was about to.
  private var hasConnected: Bool {
    var microseconds: curl_off_t = 0
    saccade_curl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
    return microseconds > 0
  }

  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(RequestHead.isTokenCharacter)
  }

  /// Bodies up to this length are copied behind the head and leave with it. SQS's calls are smaller.
  private static let inlineBodyByteCountMax = 32 * 1024
}

// MARK: - What curl calls

extension Transfer {
  private func setCallbacks(context: UnsafeMutableRawPointer) {
    saccade_curl_set_read(
      easy,
      { buffer, size, count, context in
        Transfer.on(context) { transfer in
          transfer.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
        }
      }, context)
    saccade_curl_set_write(
      easy,
      { buffer, size, count, context in
        Transfer.on(context) { $0.receive(UnsafeRawBufferPointer(start: buffer, count: size * count)) }
      }, context)
    saccade_curl_set_header(
      easy,
      { buffer, size, count, context in
        Transfer.on(context) { $0.receive(headerLine: UnsafeRawBufferPointer(start: buffer, count: size * count)) }
      }, context)
    saccade_curl_set_seek(
      easy,
      { context, offset, origin in
        Transfer.on(context) { $0.rewind(offset: offset, origin: origin) }
      }, context)
  }

  /// Every callback comes from a curl function that was called on the loop.
  private nonisolated static func on<T>(_ context: UnsafeMutableRawPointer?, _ body: @LoopActor (Transfer) -> T) -> T {
    guard let context else { preconditionFailure("curl lost its context") }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return LoopActor.assumeIsolated { body(transfer) }
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard let source else {
      let count = min(buffer.count, bytes.count - sentByteCount)
      bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[sentByteCount..<sentByteCount + count])) }
      sentByteCount += count
      return count
    }
    let room = min(buffer.count, announcedByteCount - sentByteCount)
    guard room > 0 else { return 0 }
    var copiedByteCount = 0
    let read = source.lend { bytes in
      copiedByteCount = bytes.copy(to: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]))
      return copiedByteCount
    }
    switch read {
    case .lent:
      sentByteCount += copiedByteCount
      return copiedByteCount
    case .pause:
      sourceIsPaused = true
      // Waiting for the source is not the server's stall.
      set(CURLOPT_LOW_SPEED_LIMIT, 0)
      return Int(CURL_READFUNC_PAUSE)
    case .end, .abort:
      failure = .sourceAborted
      return Int(CURL_READFUNC_ABORT)
    }
  }

  /// curl replays a request itself when a connection from the cache turns out to be dead before any response.
  private func rewind(offset: curl_off_t, origin: Int32) -> Int32 {
    guard offset == 0, origin == SEEK_SET, source?.rewind() ?? true else { return CURL_SEEKFUNC_FAIL }
    sentByteCount = 0
    return CURL_SEEKFUNC_OK
  }

  private func receive(headerLine line: UnsafeRawBufferPointer) -> Int {
    if line.starts(with: "HTTP/".utf8) {
      status = Self.status(in: line)
      headers.removeAll()
      headIsComplete = false
      return line.count
    }
    guard headers.byteCount + line.count <= limits.responseHeaderByteCountMax else {
      failure = .malformedResponse("headers larger than \(limits.responseHeaderByteCountMax) bytes")
      return 0
    }
    let isLast = line.count <= 2 && line.first.map { $0 == 0x0D || $0 == 0x0A } ?? true
    guard isLast else {
      headers.append(line: line)
      return line.count
    }
    // 1xx responses announce the real one; a blank line after trailers is not a head's.
    guard status >= 200, !headIsComplete else { return line.count }
    headIsComplete = true
    return begin() ? line.count : 0
  }

  private func begin() -> Bool {
    do throws(TransportError) {
      try collector.begin(status, headers, contentLength: headers.contentLength)
      return true
    } catch {
      failure = error
      return false
    }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let sink = collector.openSink else {
      do throws(TransportError) { try collector.append(bytes) } catch {
        failure = error
        return 0
      }
      return bytes.count
    }
    switch sink.receive(bytes.bindMemory(to: UInt8.self).span) {
    case .taken: return bytes.count
    case .pause:
      sinkIsPaused = true
      return Int(CURL_WRITEFUNC_PAUSE)
    case .abort:
      failure = .sinkAborted
      return 0
    }
  }

  /// "HTTP/1.1 200 OK"
  private static func status(in line: UnsafeRawBufferPointer) -> Int {
    guard let space = line.firstIndex(of: 0x20) else { return 0 }
    return line[(space + 1)...].prefix(3).reduce(0) { status, digit in
      (0x30...0x39).contains(digit) ? status * 10 + Int(digit - 0x30) : status
    }
  }
}

// MARK: - Pauses

extension Transfer {
  private func sourceIsReadable() {
    guard sourceIsPaused else { return }
    sourceIsPaused = false
    if stallIsWatched { set(CURLOPT_LOW_SPEED_LIMIT, 1) }
    onUnpause(self)
  }

  private func sinkIsWritable() {
    guard sinkIsPaused else { return }
    sinkIsPaused = false
    onUnpause(self)
  }

  /// Called by the transport, outside curl. May call back: into `read`, or `receive` with what curl kept.
  func unpause() {
    var mask: Int32 = 0
    if sourceIsPaused { mask |= CURLPAUSE_SEND }
    if sinkIsPaused { mask |= CURLPAUSE_RECV }
    curl_easy_pause(easy, mask)
  }
}

extension Duration {
  /// Rounded up, so that a positive duration never becomes curl's 0, which means "for ever".
  var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
