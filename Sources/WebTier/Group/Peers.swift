import AWS
import EventLoop
import HTTP

/// The other processes on this process's port: a client's connection comes to whichever the kernel chooses, so each can
/// tell the figures of all.
///
/// One that does not answer in time is left out. While an upgrade goes on, the old process or its successor answers.
@LoopActor
final class Peers {
  let ownIndex: Int
  private let configuration: PeerConfiguration
  private let transport: Transport
  private let timeout: Duration
  private let server: HTTPServer

  /// Which figures.
  enum Subject: String {
    case metrics = "/metrics"
    case adminState = "/admin/state"
    case activity = "/activity"
  }

  /// Serves the others from now on.
  /// - Parameter figures: This process's own.
  init(
    _ configuration: PeerConfiguration, ownIndex: Int, transport: Transport, limits: ActivityLimits,
    figures: @escaping @LoopActor (Subject) -> HTTPResponse
  ) throws(UVError) {
    self.configuration = configuration
    self.ownIndex = ownIndex
    self.transport = transport
    timeout = limits.peerTimeout
    let token = configuration.token
    server = try HTTPServer(
      host: "127.0.0.1", port: 0, inherited: configuration.socketDescriptor,
      limits: .forThisMachine(connectionCountMax: limits.peerConnectionCountMax)
    ) { request, writer in
      writer.send(Peers.answer(request, token, figures))
    }
  }

  func close() async { await server.shutdown(within: .milliseconds(200)) }

  private static func answer(
    _ request: HTTPRequest, _ token: BearerToken, _ figures: @LoopActor (Subject) -> HTTPResponse
  ) -> HTTPResponse {
    if let refusal = token.refusal(of: request.head) { return refusal }
    guard request.head.method == .get, let subject = Subject(rawValue: request.head.path) else {
      return Problem(.notFound, code: "no-such-route", detail: "Processes ask each other for nothing else.").response
    }
    return figures(subject)
  }

  // MARK: Asking

  /// - Parameter index: Of another process.
  /// - Returns: `nil` when it does not answer in time.
  func ask(_ index: Int, for subject: Subject) async -> [UInt8]? {
    precondition(index != ownIndex)
    let headers = [(name: "Authorization", value: configuration.token.authorization)]
    let url = "http://127.0.0.1:\(configuration.ports[index])\(subject.rawValue)"
    return try? await transport.get(url, headers: headers, within: timeout)
  }

  /// All others at once.
  /// - Returns: By index; this process's own place is empty, as that of any who does not answer.
  func askAll(for subject: Subject) async -> [[UInt8]?] {
    var answers = [[UInt8]?](repeating: nil, count: configuration.ports.count)
    let questions = answers.indices.filter { $0 != ownIndex }.map { index in
      EventLoop.shared.spawn { [self] in answers[index] = await ask(index, for: subject) }
    }
    for question in questions { await question.value }
    return answers
  }
}
