import EventLoop
import FoundationEssentials

/// Signs a call, sends it, understands a refusal, tries again: what S3 and SQS have in common.
@LoopActor final class ServiceCaller {
  private var signer: SigV4
  let credentials: any CredentialsProvider
  let transport: Transport
  let retryPolicy: RetryPolicy
  var retryQuota = RetryQuota()
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
    let running = RunningCall(call, by: self)
    let result = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        running.start { continuation.resume(returning: $0) }
      }
    } onCancel: {
      EventLoop.shared.spawn { running.cancel() }
    }
    return try result.get()
  }

  /// As `send`, for those who need no task to wait for it.
  /// - Parameter completion: Called once, perhaps before this returns, but not after `cancel()`.
  func start(_ call: ServiceCall, _ completion: @escaping RunningCall.Completion) -> RunningCall {
    let running = RunningCall(call, by: self)
    running.start(completion)
    return running
  }

  /// A signed URL for whoever holds it; see `SigV4.presign`.
  func presign(_ call: ServiceCall, expiresInSeconds seconds: Int) async throws(AWSError) -> String {
    var request = signable(call)
    request.payloadHash = .unsigned
    let credentials: Credentials
    do { credentials = try await self.credentials.credentials() } catch { throw .credentials(error) }
    signer.presign(&request, with: credentials, at: serviceTime, expiresInSeconds: seconds)
    return call.endpoint.scheme + "://" + call.endpoint.authority + request.target
  }

  /// One attempt's request.
  func sign(_ call: ServiceCall, with credentials: Credentials) -> TransportRequest {
    var request = signable(call)
    signer.sign(&request, with: credentials, at: serviceTime)
    return TransportRequest(
      method: call.method, endpoint: call.endpoint, target: request.target, headers: request.headers, body: call.body,
      response: call.response, timeouts: call.timeouts)
  }

  /// What an attempt came to: nil for a success.
  func judge(_ result: Result<TransportResponse, TransportError>, of call: ServiceCall) -> FailedAttempt? {
    let response: TransportResponse
    switch result {
    case .success(let answer): response = answer
    case .failure(let error):
      count(error == .cancelled ? .cancelled : .unanswered, call)
      return FailedAttempt(error: .transport(error))
    }
    guard let error = response.isSuccess ? call.flaw?(response) : .service(parseError(response, call.operation)) else {
      count(.succeeded, call)
      return nil
    }
    let isThrottling = error.serviceError?.isThrottling ?? false
    count(isThrottling ? .throttled : response.status < 500 && !response.isSuccess ? .refused : .failed, call)
    if error.serviceError?.isClockSkew ?? false { learnClock(from: response) }
    let retryAfter = RetryAfter.delay(
      milliseconds: response.headers["x-amz-retry-after"], retryAfter: response.headers["retry-after"], now: now())
    return FailedAttempt(error: error, retryAfter: retryAfter)
  }

  /// Which part of a backoff is waited: 0…1.
  func randomFraction() -> Double { Double.random(in: 0...1, using: &random) }

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

  private var serviceTime: Date { now().addingTimeInterval(clockSkew) }

  private func learnClock(from response: TransportResponse) {
    guard let date = response.headers["date"].flatMap(HTTPDate.parse) else { return }
    clockSkew = date.timeIntervalSince(now())
  }
}

/// Why an attempt failed, and what the service said about trying again.
struct FailedAttempt {
  let error: AWSError
  var retryAfter: Duration?
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
