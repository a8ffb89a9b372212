import CLlhttp
import EventLoop

/// llhttp for one connection: a head in one piece, then its body in pieces of any size.
///
/// It owns the C parser, whose callbacks find it through `data`; no C type is seen outside of this file.
final class RequestParser {
  /// How far a piece of a body has got.
  enum BodyProgress {
    /// All bytes taken, more to come.
    case partial
    /// The body ended within the piece, after so many of its bytes.
    case complete(byteCount: Int)
    case failed(RequestBodyError)
  }

  private let parser: UnsafeMutablePointer<llhttp_t>
  private let chunkOverheadByteCountMax: Int

  private var base: UnsafePointer<CChar>?
  private var isInHead = true
  private var target = 0..<0
  private var fields: [HTTPHeaders.Field] = []

  private var chunkGuard: ChunkGuard?
  private var body: RequestBody?
  private var bodyError: RequestBodyError?
  /// Up to where the present piece has been seen: data, or framing that the guard has passed.
  private var seen: UnsafePointer<CChar>?
  private var isBodyComplete = false

  init(_ limits: HTTPLimits) {
    chunkOverheadByteCountMax = limits.chunkOverheadByteCountMax
    parser = .allocate(capacity: 1)
    llhttp_init(parser, HTTP_REQUEST, RequestParser.settings)
    parser.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit { parser.deallocate() }

  // MARK: The head

  /// Reads a whole head, as `HeadScanner` found it.
  func parseHead(_ bytes: [UInt8]) throws(Problem) -> HTTPRequestHead {
    try RequestHeadRules.checkVersion(bytes.span)
    llhttp_reset(parser)
    isInHead = true
    target = 0..<0
    fields = []
    fields.reserveCapacity(16)
    let code = bytes.withUnsafeBytes { bytes in
      base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      defer { base = nil }
      return llhttp_execute(parser, base, bytes.count)
    }
    if code == HPE_INVALID_METHOD { throw RequestHeadRules.unknownMethod(bytes.span) }
    guard code == HPE_PAUSED, !isInHead else {
      throw .malformedHead(String(cString: llhttp_get_error_reason(parser)) + ".")
    }
    let method = Int(parser.pointee.method)
    guard method < RequestParser.methods.count else { throw RequestHeadRules.unknownMethod(bytes.span) }
    defer { fields = [] }
    let head = try RequestHeadRules.check(
      method: RequestParser.methods[method], target: target, headers: HTTPHeaders(bytes: bytes, fields: fields),
      minorVersion: Int(parser.pointee.http_minor), keepAlive: llhttp_should_keep_alive(parser) != 0)
    chunkGuard = head.isChunked ? ChunkGuard(overheadByteCountMax: chunkOverheadByteCountMax) : nil
    isBodyComplete = false
    bodyError = nil
    llhttp_resume(parser)
    return head
  }

  private func didParseTarget(_ at: UnsafePointer<CChar>, _ count: Int) {
    guard let base else { return }
    target = (at - base)..<(at - base + count)
  }

  private func didParseName(_ at: UnsafePointer<CChar>, _ count: Int) {
    // Trailers are read past: nobody here needs them, and merging them is a way to smuggle (RFC 9110 §6.5.1).
    guard isInHead, let base else { return }
    fields.append(HTTPHeaders.Field(nameStart: UInt32(at - base), nameCount: UInt32(count)))
  }

  private func didParseValue(_ at: UnsafePointer<CChar>, _ count: Int) {
    guard isInHead, let base, !fields.isEmpty else { return }
    var count = count
    // RFC 9112 §5.1: blanks around the value are not part of it; llhttp drops those before it.
    while count > 0, ASCII.isBlank(UInt8(bitPattern: at[count - 1])) { count -= 1 }
    fields[fields.count - 1].valueStart = UInt32(at - base)
    fields[fields.count - 1].valueCount = UInt32(count)
  }

  private func didCompleteHead() {
    isInHead = false
    // Upgrades are ignored (RFC 9110 §7.8): what follows is this request's body and then the next request.
    parser.pointee.upgrade = 0
  }

  // MARK: The body

  /// Reads on; data goes to `body.deliver`.
  func parseBody(_ bytes: Span<UInt8>, into body: RequestBody) -> BodyProgress {
    self.body = body
    defer { self.body = nil }
    return bytes.withUnsafeBytes { bytes in
      let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      seen = start
      defer { seen = nil }
      let code = llhttp_execute(parser, start, bytes.count)
      if let bodyError { return .failed(bodyError) }
      guard let start, code == HPE_OK || code == HPE_PAUSED else { return .failed(.malformed) }
      let end = isBodyComplete ? UnsafePointer(llhttp_get_error_pos(parser)) ?? start : start + bytes.count
      guard passFraming(upTo: end) else { return .failed(.malformed) }
      return isBodyComplete ? .complete(byteCount: end - start) : .partial
    }
  }

  private func didParseData(_ at: UnsafePointer<CChar>, _ count: Int) -> CInt {
    guard let body else { return CInt(HPE_USER.rawValue) }
    guard passFraming(upTo: at) else {
      bodyError = .malformed
      return CInt(HPE_USER.rawValue)
    }
    chunkGuard?.passData(byteCount: count)
    seen = at + count
    let data = UnsafeRawBufferPointer(start: at, count: count).bindMemory(to: UInt8.self)
    do throws(RequestBodyError) {
      try RequestParser.deliver(data, to: body)
      return 0
    } catch {
      bodyError = error
      return CInt(HPE_USER.rawValue)
    }
  }

  /// Shows the guard what lies between the last data and `end`.
  private func passFraming(upTo end: UnsafePointer<CChar>) -> Bool {
    guard chunkGuard != nil, let seen, seen < end else { return true }
    let framing = UnsafeRawBufferPointer(start: seen, count: end - seen).bindMemory(to: UInt8.self)
    self.seen = end
    return chunkGuard?.inspect(framing.span) ?? true
  }

  private static func deliver(
    _ data: UnsafeBufferPointer<UInt8>, to body: RequestBody
  ) throws(RequestBodyError) {
    // The parser runs inside the connection's callbacks only, which are on the loop; the bytes stay within the call.
    nonisolated(unsafe) let data = data
    let result: Result<Void, RequestBodyError> = LoopActor.assumeIsolated {
      do throws(RequestBodyError) {
        return .success(try body.deliver(data.span))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  // MARK: llhttp

  private static func owner(_ parser: UnsafeMutablePointer<llhttp_t>?) -> RequestParser {
    // llhttp calls back with the parser it was given, whose `data` is set once in `init`.
    Unmanaged<RequestParser>.fromOpaque(parser.unsafelyUnwrapped.pointee.data.unsafelyUnwrapped)
      .takeUnretainedValue()
  }

  /// Shared by all parsers and never freed, as llhttp wants it.
  private nonisolated(unsafe) static let settings: UnsafePointer<llhttp_settings_t> = {
    let settings = UnsafeMutablePointer<llhttp_settings_t>.allocate(capacity: 1)
    llhttp_settings_init(settings)
    settings.pointee.on_url = { parser, at, count in
      if let at { owner(parser).didParseTarget(at, count) }
      return 0
    }
    settings.pointee.on_header_field = { parser, at, count in
      if let at { owner(parser).didParseName(at, count) }
      return 0
    }
    settings.pointee.on_header_value = { parser, at, count in
      if let at { owner(parser).didParseValue(at, count) }
      return 0
    }
    settings.pointee.on_headers_complete = { parser in
      owner(parser).didCompleteHead()
      return CInt(HPE_PAUSED.rawValue)
    }
    settings.pointee.on_body = { parser, at, count in
      guard let at else { return 0 }
      return owner(parser).didParseData(at, count)
    }
    settings.pointee.on_message_complete = { parser in
      owner(parser).isBodyComplete = true
      return CInt(HPE_PAUSED.rawValue)
    }
    return UnsafePointer(settings)
  }()

  /// By llhttp's number; those of RTSP, which follow, are unknown here.
  private static let methods: [HTTPMethod] = (0...HTTP_SOURCE.rawValue).map { number in
    HTTPMethod(rawValue: String(cString: llhttp_method_name(llhttp_method_t(rawValue: number))))
  }
}
