import EventLoop
import HTTP
import TestSupport
import Testing

@Suite("Damaged requests")
struct RequestFuzzTests {
  private static let requests = [
    "GET /a?b HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
    "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nhello world",
    "PUT http://h/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
    "OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  ]
  private static let interesting: [UInt8] = [0, 9, 10, 13, 32, 34, 44, 48, 49, 58, 59, 61, 127, 128, 255]
  private static let statuses: Set = [100, 200, 400, 413, 414, 417, 431, 501, 505]

  @Test(
    "whatever bytes come, there is a proper answer or an end, and the server goes on", arguments: [1, 2, 3] as [UInt64])
  func mutations(seed: UInt64) async throws {
    var random = SplitMix64(seed: seed)
    print("seed \(seed)")
    try await withServer { server, address async throws in
      for _ in 0..<300 {
        let client = try RawClient(address)
        let bytes = (0..<Int.random(in: 1...3, using: &random)).flatMap { _ in Self.damaged(using: &random) }
        // The server may have said its last word before it has read everything.
        try? client.send(bytes)
        client.shutdownWrite()
        do {
          while true {
            let response = try client.response()
            #expect(Self.statuses.contains(response.status), "\(response.status) to \(bytes)")
          }
        } catch RawClient.Failure.ended {
          // The end, between two responses or after the last.
        }
      }
      #expect(try exchange(address, Self.requests[0]).text == "GET\n/a\nb\na\n")
    }
  }

  private static func damaged(using random: inout SplitMix64) -> [UInt8] {
    var bytes = Array((requests.randomElement(using: &random) ?? "").utf8)
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let index = Int.random(in: bytes.indices, using: &random)
      let byte = interesting.randomElement(using: &random) ?? 0
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[index] = byte
      case 1: bytes.insert(byte, at: index)
      case 2: bytes.remove(at: index)
      default: bytes.insert(contentsOf: bytes[index...].prefix(20), at: index)
      }
    }
    return bytes
  }
}
