import EventLoop
import Foundation
import TestSupport
import Testing

@testable import AWS

@Suite("the chain of credentials")
struct CredentialsChainTests {
  private static let start = Date(timeIntervalSince1970: 1_700_000_000)

  /// A source that answers as the test says, when the test says.
  @LoopActor private final class Source: CredentialsSource {
    let name = "test"
    private(set) var fetchCount = 0
    var answer: Result<Credentials?, CredentialsError>
    private var gate: CheckedContinuation<Void, Never>?
    private var arrival: CheckedContinuation<Void, Never>?
    var isHeld = false

    init(_ answer: Result<Credentials?, CredentialsError>) { self.answer = answer }

    func fetch() async throws(CredentialsError) -> Credentials? {
      fetchCount += 1
      if isHeld {
        await withCheckedContinuation {
          gate = $0
          arrival?.resume()
          arrival = nil
        }
      }
      return try answer.get()
    }

    /// Returns when a fetch is being held.
    func arrived() async {
      if gate == nil { await withCheckedContinuation { arrival = $0 } }
    }

    func release() {
      isHeld = false
      gate?.resume()
      gate = nil
    }
  }

  private static func credentials(_ key: String, seconds: Double) -> Credentials {
    Credentials(
      accessKeyID: key, secretAccessKey: "s", sessionToken: "t", expiration: Self.start.addingTimeInterval(seconds))
  }

  @Test("the environment goes before the files, the files before the container; half of a pair is an error")
  func order() async throws {
    try await withTemporaryFolder { folder in
      try "[default]\naws_access_key_id = F\naws_secret_access_key = f\n"
        .write(toFile: folder + "/credentials", atomically: true, encoding: .utf8)
      try await onLoop {
        try await withMetadataServer({ _ in .ok(credentialsDocument("C", expires: nil)) }) { server, transport in
          var environment = [
            "AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e", "AWS_SESSION_TOKEN": "",
            "AWS_SHARED_CREDENTIALS_FILE": folder + "/credentials", "AWS_CONFIG_FILE": folder + "/none",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url,
          ]
          @LoopActor func chain() -> CredentialsChain {
            CredentialsChain(environment: environment, metadata: transport)
          }
          let whole = try await chain().credentials()
          #expect(whole == Credentials(accessKeyID: "E", secretAccessKey: "e"))
          environment["AWS_SECRET_ACCESS_KEY"] = nil
          let half = chain()
          await #expect(throws: CredentialsError.incomplete(source: "environment", missing: "AWS_SECRET_ACCESS_KEY")) {
            try await half.credentials()
          }
          environment["AWS_ACCESS_KEY_ID"] = ""
          try await expectKey("F", from: chain())
          environment["AWS_SHARED_CREDENTIALS_FILE"] = folder + "/none"
          try await expectKey("C", from: chain())
          environment["AWS_PROFILE"] = "none"
          let absent = chain()
          await #expect(throws: CredentialsError.file(.noSuchProfile("none"))) { try await absent.credentials() }
        }
      }
    }
  }

  @Test(
    "a profile of another kind is refused rather than skipped",
    arguments: [
      "role_arn = arn:aws:iam::1:role/x", "sso_session = x", "credential_process = /bin/x",
    ])
  func unsupported(setting: String) async throws {
    try await withTemporaryFolder { folder in
      try "[profile x]\n\(setting)\n".write(toFile: folder + "/config", atomically: true, encoding: .utf8)
      try await onLoop {
        let transport = Transport()
        defer { transport.shutdown() }
        let chain = CredentialsChain(
          environment: ["AWS_PROFILE": "x", "AWS_CONFIG_FILE": folder + "/config"], metadata: transport)
        do {
          _ = try await chain.credentials()
          Issue.record("accepted")
        } catch CredentialsError.invalid(let source, let why) {
          #expect(source == "profile \"x\"")
          #expect(why.hasPrefix(setting.prefix { $0 != " " }))
        }
      }
    }
  }

  @Test("callers who need a refresh share one")
  func singleFlight() async throws {
    try await onLoop {
      let source = Source(.success(Self.credentials("A", seconds: 3600)))
      source.isHeld = true
      let chain = CredentialsChain(sources: [source], now: { Self.start })
      let callers = (0..<20).map { _ in EventLoop.shared.start { try await chain.credentials() } }
      await source.arrived()
      source.release()
      for caller in callers {
        let credentials = try await caller.value
        #expect(credentials.accessKeyID == "A")
      }
      #expect(source.fetchCount == 1)
    }
  }

  @Test("five minutes before the end a refresh runs beside the requests, one minute before it they wait")
  func refresh() async throws {
    try await onLoop {
      let clock = SettableClock(Self.start)
      let source = Source(.success(Self.credentials("A", seconds: 3600)))
      let chain = CredentialsChain(sources: [source], now: { clock.now })
      _ = try await chain.credentials()
      clock.now = Self.start + 3299
      try await expectKey("A", from: chain)
      #expect(source.fetchCount == 1)

      clock.now = Self.start + 3300
      source.answer = .success(Self.credentials("B", seconds: 7200))
      source.isHeld = true
      try await expectKey("A", from: chain)
      await source.arrived()
      try await expectKey("A", from: chain)
      #expect(source.fetchCount == 2)

      clock.now = Self.start + 3540
      let waiting = EventLoop.shared.start { try await chain.credentials() }
      source.release()
      let found = try await waiting.value
      #expect(found.accessKeyID == "B")
      try await expectKey("B", from: chain)
      #expect(source.fetchCount == 2)
    }
  }

  @Test("when the refresh fails the old credentials serve until they end, and are not asked for at every request")
  func failure() async throws {
    try await onLoop {
      let clock = SettableClock(Self.start)
      let source = Source(.success(Self.credentials("A", seconds: 3600)))
      let chain = CredentialsChain(sources: [source], now: { clock.now })
      _ = try await chain.credentials()
      let error = CredentialsError.unreachable(source: "test", "down")
      source.answer = .failure(error)
      clock.now = Self.start + 3550
      try await expectKey("A", from: chain)
      try await expectKey("A", from: chain)
      #expect(source.fetchCount == 2)
      clock.advance(seconds: 10)
      try await expectKey("A", from: chain)
      #expect(source.fetchCount == 3)
      clock.now = Self.start + 3600
      await #expect(throws: error) { try await chain.credentials() }
      source.answer = .success(Self.credentials("B", seconds: 7200))
      try await expectKey("B", from: chain)
    }
  }

  @Test("credentials that a service calls expired are fetched anew; those that arrive expired are an error")
  func expired() async throws {
    try await onLoop {
      let source = Source(.success(Self.credentials("A", seconds: 3600)))
      let chain = CredentialsChain(sources: [source], now: { Self.start })
      let refused = try await chain.credentials()
      chain.invalidate(refused)
      source.answer = .success(Self.credentials("B", seconds: 3600))
      try await expectKey("B", from: chain)
      chain.invalidate(refused)
      try await expectKey("B", from: chain)
      #expect(source.fetchCount == 2)

      let late = CredentialsChain(
        sources: [Source(.success(Self.credentials("A", seconds: 0)))], now: { Self.start })
      await #expect(throws: CredentialsError.expired(source: "test")) { try await late.credentials() }
    }
  }

  @Test("nothing that prints credentials prints the secret or the token")
  func secrecy() {
    let credentials = Credentials(accessKeyID: "AKID", secretAccessKey: "hush", sessionToken: "quiet")
    var dumped = ""
    dump(credentials, to: &dumped)
    dump([credentials], to: &dumped)
    let texts = [
      "\(credentials)", String(reflecting: credentials), "\([credentials])", "\(credentials as Any?)", dumped,
    ]
    for text in texts {
      #expect(text.contains("AKID"))
      #expect(!text.contains("hush") && !text.contains("quiet"), "\(text)")
    }
  }
}
