import EventLoop
import Foundation

/// A client that shows every failure of a connection: nothing is tried again.
@LoopActor
final class Visitor: TCPStreamDelegate {
  enum Failure: Error, Equatable {
    case failed(String)
    case ended(String)
  }

  private let stream: TCPStream
  private var received = ""
  private var end: Failure?
  private var waiter: CheckedContinuation<Void, Never>?

  init(_ address: SocketAddress) async throws {
    stream = try await TCPStream.connect(to: address, timeout: .seconds(30))
    stream.delegate = self
    stream.startReading()
  }

  /// One request on a connection of its own.
  /// - Returns: The status.
  static func get(_ path: String, _ address: SocketAddress) async throws -> Int {
    let visitor = try await Visitor(address)
    defer { visitor.close() }
    return try await visitor.get(path).status
  }

  func get(_ path: String) async throws -> (status: Int, isLast: Bool) {
    stream.write(Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    while true {
      if let answer = received.firstMatch(of: /^HTTP\/1.1 (\d+)(?s:.*?)\r\n\r\n/) {
        let head = String(answer.0)
        let length = head.firstMatch(of: /(?i)content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
        if received.utf8.count >= head.utf8.count + length {
          received = String(decoding: received.utf8.dropFirst(head.utf8.count + length), as: UTF8.self)
          return (Int(answer.1) ?? 0, head.lowercased().contains("connection: close"))
        }
      }
      if let end { throw end }
      await withCheckedContinuation { waiter = $0 }
    }
  }

  func close() { stream.close() }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { received += String(decoding: $0, as: UTF8.self) }
    wake()
  }

  func streamDidReachEnd(_ stream: TCPStream) {
    end = .ended("the server ended the connection, after \"\(received)\"")
    wake()
  }

  func stream(_ stream: TCPStream, didFail error: UVError) {
    end = .failed(error.name)
    wake()
  }

  func streamDidDrain(_ stream: TCPStream) {}

  private func wake() {
    waiter?.resume()
    waiter = nil
  }
}
