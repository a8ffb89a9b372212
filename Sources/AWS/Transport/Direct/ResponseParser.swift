import CLlhttp
package import EventLoop

/// What happens in a response, in order.
@LoopActor package protocol ResponseParserDelegate: AnyObject {
  /// The head of the final response is there; of interim ones (1xx) nobody hears.
  /// - Returns: False to stop parsing.
  func parser(_ parser: ResponseParser, didParseHead status: Int, _ headers: ResponseHeaders) -> Bool
  /// A piece of its body. Returns false to stop parsing.
  func parser(_ parser: ResponseParser, didParseBody bytes: Span<UInt8>) -> Bool
}

/// llhttp for one connection's responses, one after the other. A head is checked by llhttp and kept as it came: most of
/// its fields are never looked at.
///
/// It owns the C parser, whose callbacks find it through `data`; no C type is seen outside of this file.
@LoopActor package final class ResponseParser {
  package enum Progress: Equatable {
    /// All bytes taken, more to come.
    case partial
    /// The response is whole, after so many of the bytes.
    case complete(byteCount: Int)
    /// The delegate has stopped it.
    case stopped
    case failed(String)
  }

  package weak var delegate: (any ResponseParserDelegate)?
  private nonisolated(unsafe) let parser: UnsafeMutablePointer<llhttp_t>
  private let headerByteCountMax: Int
  private var headers = ResponseHeaders()
  /// Whether it answers HEAD.
  private var isHead = false
  private var isInHead = true
  private var isStopped = false
  private var isComplete = false
  /// Whether anything of the present response has come.
  package private(set) var hasBegun = false
  /// Whether the connection is good for another request (RFC 9112 §9.3).
  package private(set) var keepsAlive = false

  /// Of the present response, from its head on and until its body comes; nil for one that has no `Content-Length`. llhttp
  /// has read and checked it.
  var contentLength: Int? {
    guard parser.pointee.flags & UInt16(F_CONTENT_LENGTH.rawValue) != 0 else { return nil }
    return Int(exactly: parser.pointee.content_length)
  }

  package init(headerByteCountMax: Int) {
    self.headerByteCountMax = headerByteCountMax
    parser = .allocate(capacity: 1)
    llhttp_init(parser, HTTP_RESPONSE, ResponseParser.settings)
    parser.pointee.data = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit { parser.deallocate() }

  /// Makes ready for the next response.
  /// - Parameter isHead: Whether it answers HEAD, and so has no body whatever its length says.
  package func begin(isHead: Bool) {
    llhttp_reset(parser)
    headers = ResponseHeaders()
    self.isHead = isHead
    isInHead = true
    isStopped = false
    isComplete = false
    hasBegun = false
    keepsAlive = false
  }

  package func parse(_ bytes: Span<UInt8>) -> Progress {
    hasBegun = true
    return bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return .partial }
      let end = start + bytes.count
      var position = start
      while true {
        let wasInHead = isInHead
        let code = llhttp_execute(parser, position, end - position)
        guard code == HPE_OK || code == HPE_PAUSED else {
          return isStopped ? .stopped : .failed(String(cString: llhttp_get_error_reason(parser)))
        }
        // Paused where a head or a response ends; else all is read.
        let reached = code == HPE_PAUSED ? UnsafePointer(llhttp_get_error_pos(parser)) ?? end : end
        if wasInHead {
          guard headers.byteCount + (reached - position) <= headerByteCountMax else {
            return .failed("headers larger than \(headerByteCountMax) bytes")
          }
          headers.append(line: UnsafeRawBufferPointer(start: position, count: reached - position))
        }
        if isComplete { return .complete(byteCount: reached - start) }
        guard code == HPE_PAUSED else { return .partial }
        guard tellHead() else { return .stopped }
        position = reached
        llhttp_resume(parser)
      }
    }
  }

  /// The connection has ended: for a response that has no length, that is its end.
  package func finish() -> Progress {
    guard hasBegun, !isInHead else { return .partial }
    _ = llhttp_finish(parser)
    guard isComplete else { return .partial }
    keepsAlive = false
    return .complete(byteCount: 0)
  }

  /// A head has ended.
  private func tellHead() -> Bool {
    let status = Int(parser.pointee.status_code)
    // An interim response announces the real one, and its fields are not that one's.
    guard status >= 200 else {
      headers = ResponseHeaders()
      isInHead = true
      return true
    }
    headers.removeStatusLine()
    return delegate?.parser(self, didParseHead: status, headers) ?? true
  }

  // MARK: What llhttp calls

  private func didCompleteHead() -> CInt {
    isInHead = false
    let status = parser.pointee.status_code
    // RFC 9112 §6.3: these have none, whatever their fields say.
    if isHead || status < 200 || status == 204 || status == 304 {
      parser.pointee.flags |= UInt16(F_SKIPBODY.rawValue)
    }
    return CInt(HPE_PAUSED.rawValue)
  }

  private func didParseBody(_ bytes: UnsafeRawBufferPointer) -> CInt {
    guard let delegate, !delegate.parser(self, didParseBody: bytes.bindMemory(to: UInt8.self).span) else { return 0 }
    isStopped = true
    return CInt(HPE_USER.rawValue)
  }

  private func didComplete() -> CInt {
    guard parser.pointee.status_code >= 200 else { return 0 }
    isComplete = true
    keepsAlive = llhttp_should_keep_alive(parser) != 0
    return CInt(HPE_PAUSED.rawValue)
  }

  /// Every callback comes from a call of this class on the loop.
  private nonisolated static func on<T>(
    _ parser: UnsafeMutablePointer<llhttp_t>?, _ body: @LoopActor (ResponseParser) -> T
  ) -> T {
    // llhttp calls back with the parser it was given, whose `data` is set once in `init`.
    let owner = Unmanaged<ResponseParser>.fromOpaque(parser.unsafelyUnwrapped.pointee.data.unsafelyUnwrapped)
      .takeUnretainedValue()
    return LoopActor.assumeIsolated { body(owner) }
  }

  /// Shared by all parsers and never freed, as llhttp wants it.
  private nonisolated(unsafe) static let settings: UnsafePointer<llhttp_settings_t> = {
    let settings = UnsafeMutablePointer<llhttp_settings_t>.allocate(capacity: 1)
    llhttp_settings_init(settings)
    settings.pointee.on_headers_complete = { parser in ResponseParser.on(parser) { $0.didCompleteHead() } }
    settings.pointee.on_body = { parser, at, count in
      // Only for the length of the call.
      nonisolated(unsafe) let bytes = UnsafeRawBufferPointer(start: at, count: count)
      return ResponseParser.on(parser) { $0.didParseBody(bytes) }
    }
    settings.pointee.on_message_complete = { parser in ResponseParser.on(parser) { $0.didComplete() } }
    return UnsafePointer(settings)
  }()
}
