/// TLS between the socket and the delegate, who does not notice: it is given plaintext and writes plaintext.
///
/// A peer that ends its connection without close_notify is reported as one that ends it with: what a message's end is
/// only the message's own framing says.
extension TCPStream {
  /// So much is encrypted before it is written: whole records, which stay in the processor's cache.
  private static let encryptedByteCountMax = 48 * 1024

  /// Speaks TLS as the server, from the first byte on: to be called before anything is read or written.
  package func startTLS(_ context: TLSContext) { tls = TLSSession(context) }

  /// Speaks TLS as the client, when reading begins; `streamDidSecure` tells when the peer has proved to be `serverName`.
  package func startTLS(_ context: TLSClientContext, serverName: String) {
    tls = TLSSession(context, serverName: serverName)
  }

  /// Why the peer is not who it was to be, after `didFail`.
  package var distrust: String? { tls?.distrust }

  // MARK: Reading

  func didReadCiphertext(_ bytes: UnsafeRawBufferPointer, _ session: TLSSession) {
    session.withCiphertext(bytes) { deliverPlaintext(session) }
  }

  /// Goes on with what had come before reading was stopped, then with the socket. Later, since no delegate is called from
  /// inside its own call.
  func resumeReading(_ session: TLSSession) {
    isReading = true
    if isResuming { return }
    isResuming = true
    EventLoop.shared.afterCallback { [self] in
      isResuming = false
      guard isOpen, isReading else { return }
      session.withHeldCiphertext { deliverPlaintext(session) }
      if isOpen, isReading { startPolling() }
    }
  }

  private func deliverPlaintext(_ session: TLSSession) {
    let hadUnsent = session.unsentByteCount > 0
    while isOpen, isReading {
      let wasEstablished = session.isEstablished
      let reading = session.read()
      sendCiphertext(session)
      if session.isEstablished, !wasEstablished { delegate?.streamDidSecure(self) }
      switch reading {
      case .plaintext(let byteCount):
        let bytes = UnsafeRawBufferPointer(rebasing: session.buffers.plaintext[..<byteCount])
        delegate?.stream(self, didRead: bytes.bindMemory(to: UInt8.self).span)
      case .starved:
        if hadUnsent, bufferedByteCount == 0 { delegate?.streamDidDrain(self) }
        return
      case .ended:
        stopReading()
        delegate?.streamDidReachEnd(self)
      case .failed: fail(.protocolViolation)
      }
    }
  }

  // MARK: Writing

  func writePlaintext(_ bytes: UnsafeRawBufferPointer, _ session: TLSSession) {
    var rest = bytes[...]
    while !rest.isEmpty {
      session.write(UnsafeRawBufferPointer(rebasing: rest.prefix(TCPStream.encryptedByteCountMax)))
      sendCiphertext(session)
      rest = rest.dropFirst(TCPStream.encryptedByteCountMax)
    }
    if session.hasFailed { failLater(.protocolViolation) }
  }

  /// See `writeNow`. Stops when the kernel takes no more, or the handshake is not over.
  func writePlaintextNow(_ bytes: GatheredBytes, _ session: TLSSession) -> Int {
    var rest = bytes
    while rest.byteCount > 0, bufferedByteCount == 0, !session.hasFailed {
      let piece = UnsafeRawBufferPointer(rebasing: rest[0].prefix(TCPStream.encryptedByteCountMax))
      session.write(piece)
      sendCiphertext(session)
      rest = rest.dropFirst(piece.count)
    }
    if session.hasFailed { failLater(.protocolViolation) }
    return bytes.byteCount - rest.byteCount
  }

  private func sendCiphertext(_ session: TLSSession) {
    let buffers = session.buffers
    if !buffers.output.isEmpty {
      // After FIN there is no way for what the protocol would still answer.
      if !hasSentEnd { buffers.output.withUnsafeBytes { send($0) } }
      buffers.output.removeAll(keepingCapacity: true)
      if queuedByteCount == 0 {
        session.repliesWereSent()
      } else if session.hasTooManyReplies {
        failLater(.protocolViolation)
      }
    }
    if isEndDue { endWriting(session) }
  }

  /// close_notify, then FIN; after the handshake, when something waits for it.
  func endWriting(_ session: TLSSession) {
    isEndDue = !session.end()
    if isEndDue { return }
    sendCiphertext(session)
    sendEnd()
  }

  /// close_notify as far as the kernel takes it at once: the rest is dropped with the connection.
  func sayFarewell(_ session: TLSSession) {
    guard session.end(), !session.buffers.output.isEmpty else { return }
    _ = session.buffers.output.withUnsafeBytes { sendWithoutQueue($0) }
    session.buffers.output.removeAll(keepingCapacity: true)
  }
}
