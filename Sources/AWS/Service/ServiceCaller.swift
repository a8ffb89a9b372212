import EventLoop
import FoundationEssentials

/// Signs a call, sends it, understands a refusal, tries again: what S3 and SQS have in common.
@LoopActor final class ServiceCaller {
  private var signer: SigV4
  private let credentials: any CredentialsProvider
  private let transport: Transport
  private let retryPolicy: RetryPolicy
  private var retryQuota = RetryQuota()
  private let counters: AWSCallCounters
  private let parseError: @LoopActor (TransportResponse, String) -> ServiceError
  private let now: @LoopActor () -> Date
  private var random: any RandomNumberGenerator
  /// What to add to our clock to get the service's, once it has complained of the difference.
  private(set) var clockSkew: TimeInterval = 0

  init(
    signer: SigV4, credentials: any CredentialsProvider, transport: Transport,
    options: ServiceOptions,
    parseError: @escaping @LoopActor (TransportResponse, String) -> ServiceError
  ) {
    self.signer = signer
    self.credentials = credentials
    self.transport = transport
    retryPolicy = options.retryPolicy
    counters = options.counters
    now = options.now
    random = options.random
    self.parseError = parseError
  }

  /// The first response that is a success, within the retry policy's attempts.
  func send(_ call: ServiceCall) async throws(AWSError) -> TransportResponse {
    var retries = retryPolicy.begin()
    var clockIsSet = false
    while true {
      let failure: Failure
      do throws(Failure) {
        let response = try await attempt(call)
        retries.succeed(quota: &retryQuota)
        return response
      } catch {
        failure = error
      }
      if !clockIsSet, failure.error.serviceError?.isClockSkew ?? false, call.rewind() {
        // The attempt has set our idea of the service's clock; no need to wait.
        clockIsSet = true
        continue
      }
      guard let cause = failure.error.retryCause, call.rewind() else { throw failure.error }
      let decision = retries.decide(
        after: cause, retryAfter: failure.retryAfter, fraction: Double.random(in: 0...1, using: &random),
        quota: &retryQuota)
      guard case .retry(let delay) = decision else { throw failure.error }
      do { try await sleep(for: delay) } catch { throw .transport(.cancelled) }
    }
  }

  /// Why an attempt failed, and what the service said about trying again.
  private struct Failure: Error {
    let error: AWSError
    var retryAfter: Duration?
  }

  /// A signed URL for whoever holds it; see `SigV4.presign`.
  func presign(_ call: ServiceCall, expiresInSeconds seconds: Int) async throws(AWSError) -> String {
    var request = signable(call)
    request.payloadHash = .unsigned
    signer.presign(&request, with: try await currentCredentials(), at: serviceTime, expiresInSeconds: seconds)
    return call.endpoint.scheme + "://" + call.endpoint.authority + request.target
  }

  private func attempt(_ call: ServiceCall) async throws(Failure) -> TransportResponse {
    var request = signable(call)
    let credentials: Credentials
    if let ready = self.credentials.ready {
      credentials = ready
    } else {
      do { credentials = try await self.credentials.credentials() } catch {
        throw Failure(error: .credentials(error))
      }
    }
    signer.sign(&request, with: credentials, at: serviceTime)
    let response: TransportResponse
    do {
      response = try await transport.send(
        TransportRequest(
          method: call.method, url: call.endpoint.scheme + "://" + call.endpoint.authority + request.target,
          headers: request.headers, body: call.body, response: call.response, timeouts: call.timeouts))
    } catch {
      count(.unanswered, call)
      throw Failure(error: .transport(error))
    }
    guard let error = response.isSuccess ? call.flaw?(response) : .service(parseError(response, call.operation)) else {
      count(.succeeded, call)
      return response
    }
    let isThrottling = error.serviceError?.isThrottling ?? false
    count(isThrottling ? .throttled : response.status < 500 && !response.isSuccess ? .refused : .failed, call)
    if error.serviceError?.isClockSkew ?? false { learnClock(from: response) }
    let retryAfter = RetryAfter.delay(
      milliseconds: response.headers["x-amz-retry-after"], retryAfter: response.headers["retry-after"], now: now())
    throw Failure(error: error, retryAfter: retryAfter)
  }

  private func count(_ outcome: AWSCallCounters.Outcome, _ call: ServiceCall) {
    counters.count(outcome, service: signer.service, operation: call.operation)
  }

  private func signable(_ call: ServiceCall) -> SigV4.Request {
    var headers = call.headers
    headers.reserveCapacity(headers.count + 5)
    headers.append((name: "Host", value: call.endpoint.authority))
    return SigV4.Request(
      method: call.method, path: call.endpoint.path + call.path, query: call.query, headers: headers,
      payloadHash: call.payloadHash)
  }

  private func currentCredentials() async throws(AWSError) -> Credentials {
    do { return try await credentials.credentials() } catch { throw .credentials(error) }
  }

  private var serviceTime: Date { now().addingTimeInterval(clockSkew) }

  private func learnClock(from response: TransportResponse) {
    guard let date = response.headers["date"].flatMap(HTTPDate.parse) else { return }
    clockSkew = date.timeIntervalSince(now())
  }
}

extension AWSError {
  /// Why the same call, repeated, may succeed; nil when it will not.
  var retryCause: RetryCause? {
    switch self {
    case .service(let error): error.isThrottling ? .throttling : error.isTransient ? .transient : nil
    case .transport(.timedOut): .timeout
    case .transport(let error): error.isRetryable ? .transient : nil
    // Damage on the way: another transfer may be sound.
    case .checksumMismatch: .transient
    case .credentials, .malformedResponse, .invalidArgument: nil
    }
  }
}
