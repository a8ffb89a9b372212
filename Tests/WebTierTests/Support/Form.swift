import AWS
import EventLoop

/// A multipart/form-data body, well formed or not.
struct Form {
  static let boundary = "----saccade-tests-7MA4YWxkTrZu0gW"
  static let contentType = "multipart/form-data; boundary=\(boundary)"

  private(set) var bytes: [UInt8] = []

  mutating func addField(_ name: String, _ value: String) {
    addPart("Content-Disposition: form-data; name=\"\(name)\"\r\n", Array(value.utf8))
  }

  /// - Parameter extra: Further header lines, each with its end.
  mutating func addFile(_ content: [UInt8], name: String = "image.jpg", extra: String = "") {
    addPart(
      "Content-Disposition: form-data; name=\"image\"; filename=\"\(name)\"\r\nContent-Type: image/jpeg\r\n\(extra)",
      content)
  }

  private mutating func addPart(_ head: String, _ content: [UInt8]) {
    bytes += Array("--\(Form.boundary)\r\n\(head)\r\n".utf8) + content + [0x0D, 0x0A]
  }

  /// The body; curl, browsers and requests end it with a line end, others do not.
  func closed(withLineEnd: Bool = true) -> [UInt8] {
    bytes + Array("--\(Form.boundary)--\(withLineEnd ? "\r\n" : "")".utf8)
  }

  static func file(_ content: [UInt8], name: String = "image.jpg", extra: String = "") -> [UInt8] {
    var form = Form()
    form.addFile(content, name: name, extra: extra)
    return form.closed()
  }
}

/// Bytes that begin like a JPEG; the rest follows from the seed, so that no two pieces of it are alike.
func photograph(_ byteCount: Int, seed: UInt64 = 1) -> [UInt8] {
  var random = SplitMix64(seed: seed &* 0x1000_0001 &+ UInt64(byteCount))
  var bytes: [UInt8] = []
  bytes.reserveCapacity(byteCount + 8)
  bytes += [0xFF, 0xD8, 0xFF, 0xE0]
  while bytes.count < byteCount { withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) } }
  return Array(bytes.prefix(byteCount))
}

/// What two pieces of bytes are compared by, where a test's output must not hold a megabyte.
struct Fingerprint: Equatable, CustomStringConvertible {
  let byteCount: Int
  let checksum: CRC32C

  init(_ bytes: [UInt8]) {
    byteCount = bytes.count
    checksum = CRC32C(of: bytes)
  }

  var description: String { "\(byteCount) bytes, CRC-32C \(checksum.base64)" }
}

/// Request bytes.
enum Request {
  static func head(_ method: String, _ path: String, _ headers: String) -> String {
    "\(method) \(path) HTTP/1.1\r\nHost: web\r\n\(headers)\r\n"
  }

  static func post(
    _ body: [UInt8], to path: String = "/v1/images", type: String? = Form.contentType, headers: String = ""
  ) -> [UInt8] {
    let type = type.map { "Content-Type: \($0)\r\n" } ?? ""
    return Array(head("POST", path, "\(type)\(headers)Content-Length: \(body.count)\r\n").utf8) + body
  }

  /// - Parameter chunkByteCount: Of every chunk but the last.
  static func chunked(
    _ body: [UInt8], to path: String = "/v1/images", type: String = Form.contentType, headers: String = "",
    chunkByteCount: Int = 10_000
  ) -> [UInt8] {
    var bytes = Array(head("POST", path, "Content-Type: \(type)\r\n\(headers)Transfer-Encoding: chunked\r\n").utf8)
    var rest = body[...]
    while !rest.isEmpty {
      let chunk = rest.prefix(chunkByteCount)
      bytes += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [0x0D, 0x0A]
      rest = rest.dropFirst(chunkByteCount)
    }
    return bytes + Array("0\r\n\r\n".utf8)
  }
}
