package import EventLoop

/// Opens connections: finds a name's addresses, tries one after the other, and speaks TLS where the scheme asks for it.
@LoopActor package final class Connector {
  private let authorityFile: String?
  /// Made with the first connection that needs it: the system's authorities are hundreds.
  private var tls: TLSClientContext?
  /// Lookups that are running or younger than `ageMax`.
  private var lookups: [Origin: (task: Task<[SocketAddress], any Error>, begun: Duration)] = [:]

  /// S3 answers with other addresses every few seconds; asking once a minute spreads connections well enough.
  private static let ageMax: Duration = .seconds(60)
  /// Names known at once: the services' endpoints, and buckets with names of their own.
  private static let lookupCountMax = 64
  /// Of a name's addresses, those that are tried.
  private static let attemptCountMax = 4

  package init(authorityFile: String?) { self.authorityFile = authorityFile }

  /// - Parameter timeout: For all of it: name, TCP and TLS.
  package func open(_ origin: Origin, within timeout: Duration) async throws(TransportError) -> TCPStream {
    let deadline = EventLoop.shared.uptime + timeout
    let stream = try await connect(to: try await addresses(of: origin), by: deadline)
    guard origin.isSecure else { return stream }
    do throws(TransportError) {
      try await secure(stream, origin.host, by: deadline)
      return stream
    } catch {
      stream.close()
      throw error
    }
  }

  private func secure(_ stream: TCPStream, _ host: String, by deadline: Duration) async throws(TransportError) {
    let context = try context()
    do throws(UVError) {
      let timeout = max(.milliseconds(1), deadline - EventLoop.shared.uptime)
      try await stream.secure(context, serverName: host, timeout: timeout)
    } catch {
      if let distrust = stream.distrust { throw .tls(distrust) }
      throw error == .protocolViolation ? .tls("the handshake failed") : TransportError(connecting: error)
    }
  }

  private func connect(to addresses: [SocketAddress], by deadline: Duration) async throws(TransportError) -> TCPStream {
    var failure = TransportError.nameResolution("no address")
    let candidates = addresses.shuffled().prefix(Connector.attemptCountMax)
    for (index, address) in candidates.enumerated() {
      // One that does not answer must leave time for the others.
      let share = (deadline - EventLoop.shared.uptime) / (candidates.count - index)
      do throws(UVError) {
        return try await TCPStream.connect(to: address, timeout: max(.milliseconds(1), share))
      } catch {
        failure = TransportError(connecting: error)
        if failure == .cancelled { break }
      }
    }
    throw failure
  }

  private func addresses(of origin: Origin) async throws(TransportError) -> [SocketAddress] {
    guard let port = origin.port else { throw .invalidRequest("port") }
    let now = EventLoop.shared.uptime
    let known = lookups[origin].flatMap { now - $0.begun < Connector.ageMax ? $0.task : nil }
    let host = origin.host
    let task = known ?? EventLoop.shared.start { try await HostLookup.addresses(of: host, port: port) }
    if known == nil {
      if lookups.count >= Connector.lookupCountMax { lookups = [:] }
      lookups[origin] = (task, now)
    }
    do {
      return try await task.value
    } catch {
      lookups[origin] = nil
      throw .nameResolution("\(error)")
    }
  }

  private func context() throws(TransportError) -> TLSClientContext {
    if let tls { return tls }
    do throws(TLSError) {
      let context = try TLSClientContext(authorityFile: authorityFile)
      tls = context
      return context
    } catch {
      throw .tls("\(error)")
    }
  }
}

extension TransportError {
  /// What a connection that does not come about is to whoever asked for it.
  fileprivate init(connecting error: UVError) {
    switch error {
    case .cancelled: self = .cancelled
    case .timedOut: self = .timedOut("connecting", connected: false)
    default: self = .connect(error.description)
    }
  }
}
