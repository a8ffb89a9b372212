import AWS
import EventLoop

/// One connection that sends one request at a time and reads its response. It opens itself when there is something to send,
/// and again after the server has closed it.
@LoopActor
final class LoadConnection {
  typealias Completion = @LoopActor (Result<LoadResponse, LoadFailure>) -> Void

  private let origin: Origin
  private let connector: Connector
  private let gate: OpeningGate
  private let figures: ConnectionFigures
  private let bytesPerSecond: Int?
  private let parser = ResponseParser(headerByteCountMax: LoadLimits.responseHeadByteCountMax)
  private var stream: TCPStream?
  private var timer: LoopTimer?
  private var paceTimer: LoopTimer?

  // The request.
  private var completion: Completion?
  private var bytes: [UInt8] = []
  private var sentByteCount = 0
  private var sendingSince = ContinuousClock.now
  private var deadline = ContinuousClock.now
  /// Whether it goes over a connection that was idle, and which the server may have closed meanwhile.
  private var isRepeatable = false
  /// Counts requests, so that a connection that was opened for one that has failed is known.
  private var number = 0
  private var response = LoadResponse()

  init(
    to origin: Origin, by connector: Connector, gate: OpeningGate, figures: ConnectionFigures, bytesPerSecond: Int?
  ) {
    self.origin = origin
    self.connector = connector
    self.gate = gate
    self.figures = figures
    self.bytesPerSecond = bytesPerSecond
    parser.delegate = self
  }

  /// Sends a request, which completes once: with its response, or why there is none.
  func send(_ bytes: [UInt8], by deadline: ContinuousClock.Instant, _ completion: @escaping Completion) {
    self.bytes = bytes
    self.deadline = deadline
    self.completion = completion
    number += 1
    isRepeatable = stream != nil
    if timer == nil { timer = LoopTimer { [unowned self] in finish(.failure(.timedOut)) } }
    timer?.start(after: max(.zero, deadline - .now))
    begin()
  }

  /// Ends the request without completing it, and the connection with it.
  func close() {
    completion = nil
    bytes = []
    timer?.close()
    timer = nil
    paceTimer?.close()
    paceTimer = nil
    disconnect()
  }

  private func begin() {
    parser.begin(isHead: false)
    response = LoadResponse()
    sentByteCount = 0
    if stream == nil { open() } else { startSending() }
  }

  // MARK: Opening

  private func open() {
    let number = number
    gate.enter { [self] in
      guard completion != nil, number == self.number else { return gate.leave() }
      let timeout = max(.milliseconds(1), deadline - .now)
      EventLoop.shared.spawn { [self] in
        do throws(TransportError) {
          opened(try await connector.open(origin, within: timeout), for: number)
        } catch {
          gate.leave()
          if number == self.number { finish(.failure(LoadFailure(connecting: error))) }
        }
      }
    }
  }

  private func opened(_ stream: TCPStream, for number: Int) {
    gate.leave()
    guard completion != nil, number == self.number, self.stream == nil else { return stream.close() }
    self.stream = stream
    figures.opened()
    stream.delegate = self
    stream.startReading()
    startSending()
  }

  private func disconnect() {
    guard let stream else { return }
    self.stream = nil
    figures.closed()
    stream.close()
  }

  // MARK: Sending

  private func startSending() {
    sendingSince = .now
    if bytesPerSecond != nil {
      if paceTimer == nil { paceTimer = LoopTimer { [unowned self] in pump() } }
      paceTimer?.start(after: LoadLimits.paceInterval, repeating: LoadLimits.paceInterval)
    }
    pump()
  }

  /// Hands the kernel what it takes, as far as the pace allows.
  private func pump() {
    let end = dueByteCount
    while let stream, sentByteCount < end, stream.bufferedByteCount == 0 {
      let count = bytes.withUnsafeBytes { bytes in
        var rest = GatheredBytes()
        rest.append(UnsafeRawBufferPointer(rebasing: bytes[sentByteCount..<end]))
        return stream.writeNow(rest)
      }
      sentByteCount += count
      figures.sentByteCount += count
      if count == 0 { break }
    }
    if sentByteCount == bytes.count { paceTimer?.stop() }
  }

  private var dueByteCount: Int {
    guard let bytesPerSecond else { return bytes.count }
    let seconds = (ContinuousClock.now - sendingSince + LoadLimits.paceInterval) / .seconds(1)
    return min(bytes.count, Int(seconds * Double(bytesPerSecond)))
  }

  // MARK: Ending

  /// - Parameter byteCount: Of what has just been read.
  private func receive(_ progress: ResponseParser.Progress, of byteCount: Int) {
    switch progress {
    case .partial: break
    case .complete(let end):
      // An answer that came before its request was sent is the last one of its connection; and what comes behind an
      // answer is none to the next request.
      if !parser.keepsAlive || sentByteCount < bytes.count || end < byteCount { disconnect() }
      finish(.success(response))
    case .stopped: finish(.failure(.malformedResponse("more than \(LoadLimits.responseBodyByteCountMax) bytes")))
    case .failed(let reason): finish(.failure(.malformedResponse(reason)))
    }
  }

  private func lost(_ reason: String) {
    disconnect()
    guard completion != nil else { return }
    // The server has closed an idle connection while this request was on its way (RFC 9112 §9.5).
    if isRepeatable, !parser.hasBegun {
      isRepeatable = false
      figures.repeatedCount += 1
      return begin()
    }
    finish(.failure(.connectionLost(reason)))
  }

  private func finish(_ result: Result<LoadResponse, LoadFailure>) {
    guard let completion else { return }
    if case .failure = result { disconnect() }
    timer?.stop()
    paceTimer?.stop()
    self.completion = nil
    bytes = []
    response = LoadResponse()
    completion(result)
  }
}

extension LoadConnection: TCPStreamDelegate, ResponseParserDelegate {
  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    guard completion != nil else { return disconnect() }
    figures.receivedByteCount += bytes.count
    receive(parser.parse(bytes), of: bytes.count)
  }

  func streamDidReachEnd(_ stream: TCPStream) {
    let progress = parser.finish()
    if completion != nil, case .complete = progress { receive(progress, of: 0) } else { lost("closed by the server") }
  }

  func stream(_ stream: TCPStream, didFail error: UVError) { lost(error.message) }
  func streamDidDrain(_ stream: TCPStream) { pump() }

  func parser(_ parser: ResponseParser, didParseHead status: Int, _ headers: ResponseHeaders) -> Bool {
    response.status = status
    response.headers = headers
    return true
  }

  func parser(_ parser: ResponseParser, didParseBody bytes: Span<UInt8>) -> Bool {
    guard response.body.count + bytes.count <= LoadLimits.responseBodyByteCountMax else { return false }
    bytes.withUnsafeBufferPointer { response.body.append(contentsOf: $0) }
    return true
  }
}
