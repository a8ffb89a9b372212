import EventLoop
import Foundation

/// A client that says exactly the bytes it is told to: no HTTP library stands between a test and the web tier.
@LoopActor final class Client {
  enum Failure: Error {
    /// The server ended the connection where a response was expected.
    case ended
    /// Nothing came for as long as any test can take: the server hangs.
    case silence
  }

  struct Response {
    let status: Int
    /// By lower-case name.
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: Any? { try? JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed) }
    /// A member of the JSON object that it is, of a problem for one.
    func member(_ name: String) -> String? { (json as? [String: Any])?[name] as? String }
    var code: String? { headers["content-type"] == "application/problem+json" ? member("code") : nil }
    /// The labels of a list's elements, their errors' codes, or `pending`.
    var outcomes: [String] {
      (json as? [[String: Any]] ?? []).map {
        $0["label"] as? String ?? ($0["error"] as? [String: Any])?["code"] as? String ?? $0["status"] as? String ?? "?"
      }
    }
  }

  private static let silenceMax: Duration = .seconds(30)

  private let stream: TCPStream
  /// Responses that began with 1xx.
  private(set) var interimCount = 0
  private var received: [UInt8] = []
  private var hasEnded = false
  private var waiter: CheckedContinuation<Bool, Never>?

  static func connect(to address: SocketAddress) async throws -> Client {
    Client(try await TCPStream.connect(to: address, timeout: .seconds(10)))
  }

  private init(_ stream: TCPStream) {
    self.stream = stream
    stream.delegate = self
    stream.startReading()
  }

  /// What the kernel has not taken yet.
  var unsentByteCount: Int { stream.bufferedByteCount }

  func send(_ bytes: [UInt8]) { stream.write(bytes) }
  func send(_ text: String) { send(Array(text.utf8)) }

  func stopReading() { stream.stopReading() }
  func close() { stream.close() }
  func reset() { stream.reset() }

  /// The next response; one that begins with 1xx is passed over. All of the web tier's have a Content-Length.
  func response(toHead: Bool = false) async throws -> Response {
    while true {
      if let response = takeResponse(hasBody: !toHead) {
        if response.status >= 200 { return response }
        interimCount += 1
        continue
      }
      if hasEnded { throw Failure.ended }
      guard await event() else { throw Failure.silence }
    }
  }

  /// Waits until the server has ended the connection.
  func ends() async throws {
    while !hasEnded { guard await event() else { throw Failure.silence } }
  }

  /// All that has come, once it holds a piece of text so many times: of a response that goes on for as long as it likes.
  func received(_ text: String, count: Int = 1) async throws -> String {
    while true {
      let all = String(decoding: received, as: UTF8.self)
      if all.components(separatedBy: text).count > count { return all }
      if hasEnded { throw Failure.ended }
      guard await event() else { throw Failure.silence }
    }
  }

  private func takeResponse(hasBody: Bool) -> Response? {
    guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    var lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")[...]
    let status = lines.popFirst()?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    let headers = lines.map { line in
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      return (line[..<colon].lowercased(), line[colon...].dropFirst().trimmingCharacters(in: .whitespaces))
    }
    let byName = Dictionary(headers) { first, _ in first }
    let length = hasBody ? byName["content-length"].flatMap { Int($0) } ?? 0 : 0
    guard received.count - end.upperBound >= length else { return nil }
    let body = Array(received[end.upperBound..<end.upperBound + length])
    received.removeFirst(end.upperBound + length)
    return Response(status: status, headers: byName, body: body)
  }

  /// - Returns: False when none came.
  private func event() async -> Bool {
    let timer = LoopTimer { [unowned self] in wake(false) }
    timer.start(after: Client.silenceMax)
    defer { timer.close() }
    return await withCheckedContinuation { waiter = $0 }
  }

  private func wake(_ hasHappened: Bool) {
    waiter?.resume(returning: hasHappened)
    waiter = nil
  }
}

extension Client: TCPStreamDelegate {
  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { received.append(contentsOf: $0) }
    wake(true)
  }

  func streamDidReachEnd(_ stream: TCPStream) {
    hasEnded = true
    wake(true)
  }

  func stream(_ stream: TCPStream, didFail error: UVError) { streamDidReachEnd(stream) }
  func streamDidDrain(_ stream: TCPStream) {}
}
