import EventLoop
import HTTP

/// One client's stream of events. It holds at most one event that has not been written: a newer one takes its place.
@LoopActor
final class EventStream: ResponseStream {
  private var next: [UInt8]?
  private var isEnded = false
  private var waiter: CheckedContinuation<Void, Never>?
  private let onEnd: @LoopActor (EventStream) -> Void

  /// - Parameter onEnd: Called when nothing more is written.
  init(onEnd: @escaping @LoopActor (EventStream) -> Void) { self.onEnd = onEnd }

  func offer(_ event: [UInt8]) {
    next = event
    wake()
  }

  /// Nothing more comes.
  func end() {
    isEnded = true
    wake()
  }

  func write(to body: borrowing ResponseBodyWriter) async throws(RequestBodyError) {
    defer { onEnd(self) }
    while let event = await event() { try await body.write(event) }
  }

  /// - Returns: `nil` at the end, also when the client has gone.
  private func event() async -> [UInt8]? {
    while !isEnded, !Task.isCancelled {
      if let event = next {
        next = nil
        return event
      }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          if Task.isCancelled { return continuation.resume() }
          waiter = continuation
        }
      } onCancel: {
        EventLoop.shared.spawn { self.wake() }
      }
    }
    return nil
  }

  private func wake() {
    waiter?.resume()
    waiter = nil
  }
}
