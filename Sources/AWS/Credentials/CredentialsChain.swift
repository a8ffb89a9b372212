package import EventLoop
package import FoundationEssentials

/// The places the AWS SDKs look for credentials, in their order: environment, web identity, shared files, container
/// endpoint, instance metadata. The first that is configured is kept, and asked again before its credentials expire.
///
/// Reference: AWS SDK for Java 2.x Developer Guide, "Default credentials provider chain".
@LoopActor package final class CredentialsChain: CredentialsProvider {
  private let sources: [any CredentialsSource]
  private let now: @Sendable () -> Date
  private var schedule = RefreshSchedule()
  /// The source that the credentials came from.
  private var chosen: (any CredentialsSource)?
  /// The refresh in flight. Everybody who needs its outcome waits for the same one.
  private var refresh: Refresh?

  @LoopActor private final class Refresh {
    var task: Task<Void, Never>?
    var result: Result<Credentials, CredentialsError>?
  }

  package convenience init(
    environment: [String: String], metadata: any MetadataFetching, now: @escaping @Sendable () -> Date = { Date() }
  ) {
    let exchange = WebIdentityExchange(environment: environment, metadata: metadata)
    self.init(
      sources: [
        EnvironmentCredentials(environment: environment),
        WebIdentityCredentials(environment: environment, exchange: exchange),
        ProfileCredentials(environment: environment, exchange: exchange),
        ContainerCredentials(environment: environment, metadata: metadata),
        InstanceCredentials(
          metadata: InstanceMetadata(environment: environment, metadata: metadata, now: now)),
      ], now: now)
  }

  init(sources: [any CredentialsSource], now: @escaping @Sendable () -> Date) {
    self.sources = sources
    self.now = now
  }

  package var ready: Credentials? {
    guard case .use(let credentials) = schedule.step(at: now()) else { return nil }
    return credentials
  }

  /// The current credentials; waits only when there are none that stay good for a minute.
  package func credentials() async throws(CredentialsError) -> Credentials {
    switch schedule.step(at: now()) {
    case .use(let credentials): return credentials
    case .useAndRefresh(let credentials):
      startRefresh()
      return credentials
    case .refresh(let fallback):
      let refresh = startRefresh()
      await refresh.task?.value
      switch refresh.result {
      case .success(let credentials)?: return credentials
      case .failure(let error)? where fallback == nil: throw error
      default:
        guard let fallback else { preconditionFailure("a refresh that has ended has a result") }
        return fallback
      }
    }
  }

  /// A service has refused these credentials as expired: they are not handed out again.
  package func invalidate(_ refused: Credentials) { schedule.invalidate(refused) }

  /// Where the credentials in use came from, for a line in the log.
  package var sourceName: String? { chosen?.name }

  @discardableResult
  private func startRefresh() -> Refresh {
    if let refresh { return refresh }
    let refresh = Refresh()
    self.refresh = refresh
    refresh.task = EventLoop.shared.spawn {
      let result = await self.fetch()
      switch result {
      case .success(let credentials): self.schedule.succeed(credentials)
      case .failure: self.schedule.fail(at: self.now())
      }
      refresh.result = result
      self.refresh = nil
    }
    return refresh
  }

  private func fetch() async -> Result<Credentials, CredentialsError> {
    let asked = chosen.map { [$0] } ?? sources
    do throws(CredentialsError) {
      for source in asked {
        guard let credentials = try await source.fetch() else { continue }
        if let expiration = credentials.expiration, expiration <= now() { throw .expired(source: source.name) }
        chosen = source
        return .success(credentials)
      }
      throw .notFound(asked: asked.map(\.name))
    } catch {
      return .failure(error)
    }
  }
}
