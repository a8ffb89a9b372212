import EventLoop

/// The table's sweep asks each connection whether it has waited long enough. Nothing is started or stopped per request.
extension HTTPConnection {
  /// So many sweeps a connection waits for its next request as it is, which is at least one interval: one that is in use
  /// does not rest.
  private static let busyTickCount = 2

  func sweep() {
    let now = table.now
    if isWriteStalled(now) { return abort() }
    switch phase {
    case .idle:
      // A client that is still taking its answer is not idle.
      if stream.bufferedByteCount > 0 {
        deadline = now + table.ticks.idle
      } else if now >= deadline {
        close()
      } else if now >= deadline - table.ticks.idle + HTTPConnection.busyTickCount {
        rest()
      }
    case .head: if now >= deadline { refuse(.headTooSlow) }
    case .handling: sweepRequest(now)
    // Until everything is taken the write's own deadline counts.
    case .lingering: if now >= deadline, stream.bufferedByteCount == 0 { close() }
    case .closed: break
    }
  }

  /// Whether bytes have waited for the client for too long and it has taken none.
  private func isWriteStalled(_ now: Int) -> Bool {
    let taken = stream.dequeuedByteCount
    if stream.bufferedByteCount == 0 || taken > writeMark {
      writeMark = taken
      writeDeadline = now + table.ticks.writeStall
    }
    return now >= writeDeadline
  }

  private func sweepRequest(_ now: Int) {
    guard let exchange else { return }
    let body = exchange.body
    if body.isStreaming {
      // One pause within a sweep excuses all of it: the client's window has to open again.
      let isWaiting = body.isFlowing && !hasHeldBack
      hasHeldBack = body.isPaused
      // What the client takes is not the handler's time.
      if isWaiting, requestDeadline < .max { requestDeadline += 1 }
      if !bodyPace.sweep(receivedByteCount: body.receivedByteCount, isWaiting: isWaiting, table.paceRule) {
        body.end(.failure(.timedOut))
      }
    }
    guard now >= requestDeadline else { return }
    cancelHandler()
    // The handler may not listen; the client gets an answer all the same, and the handler's goes nowhere.
    switch exchange.response {
    case .awaited: refuse(.requestTooLong)
    case .begun: abort()
    case .finished: closeGracefully()
    }
  }
}

extension Problem {
  static var headTooSlow: Problem {
    Problem(.requestTimeout, code: "head-too-slow", detail: "The request's head came too slowly.")
  }

  static var requestTooLong: Problem {
    Problem(.serviceUnavailable, code: "request-too-long", detail: "The request took too long.")
  }
}
