import AWS
import EventLoop
import Foundation

/// What a user of the service does with curl, done in this process: many at once.
@LoopActor
final class HTTPUser {
  private let transport: Transport
  private let url: String

  init(_ url: String) {
    var limits = TransportLimits()
    limits.activeRequestCountMax = 512
    transport = Transport(limits: limits)
    self.url = url
  }

  func close() { transport.shutdown() }

  struct Reply: Sendable {
    var status: Int
    var headers: ResponseHeaders
    var text: String

    var json: JSON { get throws { try JSONDecoder().decode(JSON.self, from: Data(text.utf8)) } }
  }

  /// As much of an answer or a problem as the tests look at.
  struct JSON: Decodable, Sendable {
    struct Candidate: Decodable, Sendable {
      var label: String
      var wnid: String?
      var confidence: Double
    }
    var id: String?
    var key: String?
    var name: String?
    var label: String?
    var confidence: Double?
    var top: [Candidate]?
    var model: String?
    var worker: String?
    var timings: [String: Double]?
    var status: Int?
    var code: String?
    var title: String?
  }

  func get(_ path: String) async throws -> Reply {
    try await send(TransportRequest(method: "GET", url: url + path))
  }

  /// `curl -F image=@file`.
  func upload(_ file: URL, named name: String? = nil, to path: String = "/v1/images") async throws -> Reply {
    try await upload([UInt8](try Data(contentsOf: file)), named: name ?? file.lastPathComponent, to: path)
  }

  func upload(_ bytes: [UInt8], named name: String, to path: String = "/v1/images") async throws -> Reply {
    try await post(Form.body([(name, bytes)]), type: Form.contentType, to: path)
  }

  /// The answer, also where the client was told to ask again: a machine that is busy is not a mistake.
  func answer(after reply: Reply) async throws -> Reply {
    var reply = reply
    while reply.status == 202, let location = reply.headers["location"] {
      reply = try await get(location + "?wait=20")
    }
    return reply
  }

  func post(
    _ body: [UInt8], type: String?, to path: String = "/v1/images", headers: [(name: String, value: String)] = []
  ) async throws -> Reply {
    let type = type.map { [(name: "Content-Type", value: $0)] } ?? []
    return try await send(
      TransportRequest(method: "POST", url: url + path, headers: type + headers, body: .bytes(body)))
  }

  private func send(_ request: TransportRequest) async throws -> Reply {
    var request = request
    // The service is silent while it works on the answer; that is not a stall.
    request.timeouts = TransportTimeouts(stall: nil, total: .seconds(120))
    let response = try await transport.send(request)
    return Reply(
      status: response.status, headers: response.headers, text: String(decoding: response.body, as: UTF8.self))
  }
}

/// A form as curl writes it.
enum Form {
  static let boundary = "------------------------d74496d66958873e"
  static let contentType = "multipart/form-data; boundary=\(boundary)"

  static func body(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var body: [UInt8] = []
    for file in files {
      body += Array("--\(boundary)\r\n".utf8)
      body += Array("Content-Disposition: form-data; name=\"image\"; filename=\"\(file.name)\"\r\n".utf8)
      body += Array("Content-Type: application/octet-stream\r\n\r\n".utf8)
      body += file.bytes + Array("\r\n".utf8)
    }
    return body + Array("--\(boundary)--\r\n".utf8)
  }
}
