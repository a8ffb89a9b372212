/// Writes response heads. Pure; the bytes of a status line are made once.
struct ResponseEncoder {
  /// How a response's end is told (RFC 9112 §6.3).
  enum Framing: Equatable {
    /// No content and no length: 204, 304.
    case none
    case length(Int)
    case chunked
    /// HTTP/1.0 and no length: it ends with the connection.
    case untilClose
  }

  static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
  static let lastChunk = Array("0\r\n\r\n".utf8)

  /// Which framing a response has.
  /// - Parameters:
  ///   - contentLength: Of its body; `nil` when unknown.
  ///   - headers: Their `Content-Length` is the answer's where there is no body to measure: HEAD without a body, 304.
  static func framing(
    _ status: HTTPStatus, headers: HTTPHeaders, contentLength: Int?, to request: HTTPRequestHead
  ) -> Framing {
    let measured = headers.isEmpty ? nil : headers["content-length"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 }
    // RFC 9110 §8.6: no Content-Length with 1xx and 204; with 304 that of the 200 it stands for.
    if status.forbidsContent {
      guard status == .notModified, let length = measured ?? (contentLength == 0 ? nil : contentLength) else {
        return .none
      }
      return .length(length)
    }
    if request.method == .head, (contentLength ?? 0) == 0, let measured { return .length(measured) }
    if let contentLength { return .length(contentLength) }
    return request.minorVersion == 0 ? .untilClose : .chunked
  }

  /// Appends a head, up to and with its empty line.
  /// - Parameter date: A whole `Date` line.
  static func append(
    to output: inout [UInt8], _ status: HTTPStatus, headers: HTTPHeaders, framing: Framing, date: [UInt8],
    keepAlive: Bool, minorVersion: Int
  ) {
    // RFC 9112 §2.3: a server answers with its own version, whatever the client's.
    output.append(contentsOf: "HTTP/1.1 ".utf8)
    append(to: &output, decimal: status.rawValue)
    output.append(ASCII.space)
    output.append(contentsOf: status.reasonPhrase.utf8)
    output.append(contentsOf: [ASCII.cr, ASCII.lf])
    var hasDate = false
    for field in headers.fields {
      switch field.nameCount {
      // The server's own to write: two of them would be two framings.
      case 14 where headers.isNamed(field, "content-length"): continue
      case 17 where headers.isNamed(field, "transfer-encoding"): continue
      case 10 where headers.isNamed(field, "connection"): continue
      case 4 where headers.isNamed(field, "date"): hasDate = true
      default: break
      }
      output.append(contentsOf: headers.bytes[field.name])
      output.append(ASCII.colon)
      output.append(ASCII.space)
      output.append(contentsOf: headers.bytes[field.value])
      output.append(ASCII.cr)
      output.append(ASCII.lf)
    }
    // RFC 9110 §6.6.1: an origin server with a clock says the date.
    if !hasDate { output.append(contentsOf: date) }
    switch framing {
    case .length(let length):
      output.append(contentsOf: "Content-Length: ".utf8)
      append(to: &output, decimal: length)
      output.append(contentsOf: "\r\n".utf8)
    case .chunked: output.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8)
    case .none, .untilClose: break
    }
    // RFC 9112 §9.3: 1.1 persists unless told, 1.0 only if told (§9.6).
    if !keepAlive {
      output.append(contentsOf: "Connection: close\r\n".utf8)
    } else if minorVersion == 0 {
      output.append(contentsOf: "Connection: keep-alive\r\n".utf8)
    }
    output.append(ASCII.cr)
    output.append(ASCII.lf)
  }

  /// One chunk (RFC 9112 §7.1). An empty one would be the last, so nothing comes of nothing.
  static func chunk(_ bytes: [UInt8]) -> [UInt8] {
    guard !bytes.isEmpty else { return [] }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + 20)
    output.append(contentsOf: String(bytes.count, radix: 16).utf8)
    output.append(ASCII.cr)
    output.append(ASCII.lf)
    output.append(contentsOf: bytes)
    output.append(ASCII.cr)
    output.append(ASCII.lf)
    return output
  }

  private static func append(to output: inout [UInt8], decimal value: Int) {
    output.append(contentsOf: String(value).utf8)
  }
}
