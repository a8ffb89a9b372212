import EventLoop
import FoundationEssentials

/// Signs a call, sends it, understands a refusal, tries again: what S3 and SQS have in common.
@LoopActor final class ServiceCaller {
  private var signer: SigV4
  private let credentials: any CredentialsProvider
  private let transport: Transport
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
    counters = options.counters
    now = options.now
    random = options.random
    self.parseError = parseError
  }

  /// The first response that is a success, within the retry policy's attempts.
  func send(_ call: ServiceCall) async throws(AWSError) -> TransportResponse {
    var attempt = 1
    var clockIsSet = false
    while true {
      let failure: AWSError
      do throws(AWSError) {
        return try await self.attempt(call)
      } catch {
        failure = error
      }
      if !clockIsSet, failure.serviceError?.isClockSkew ?? false, call.rewind() {
        // The attempt has set our idea of the service's clock; no need to wait.
        clockIsSet = true
        continue
      }
      guard failure.isRetryable, attempt < 4, call.rewind() else {
        throw failure
      }
      let delay = Duration.milliseconds(Int.random(in: 0...(50 << attempt), using: &random))
      attempt += 1
      do { try await sleep(for: delay) } catch { throw .transport(.cancelled) }
    }
  }

  /// A signed URL for whoever holds it; see `SigV4.presign`.
  func presign(_ call: ServiceCall, expiresInSeconds seconds: Int) async throws(AWSError) -> String {
    var request = signable(call)
    request.payloadHash = .unsigned
    signer.presign(&request, with: try await currentCredentials(), at: serviceTime, expiresInSeconds: seconds)
    return call.endpoint.scheme + "://" + call.endpoint.authority + request.target
  }

  private func attempt(_ call: ServiceCall) async throws(AWSError) -> TransportResponse {
    var request = signable(call)
    signer.sign(&request, with: try await currentCredentials(), at: serviceTime)
    let response: TransportResponse
    do {
      response = try await transport.send(
        TransportRequest(
          method: call.method, url: call.endpoint.scheme + "://" + call.endpoint.authority + request.target,
          headers: request.headers, body: call.body, response: call.response,
          timeouts: call.timeouts))
    } catch {
      counters.count(.unanswered, service: signer.service, operation: call.operation)
      throw .transport(error)
    }
    guard let error = refusal(in: response, to: call) else {
      counters.count(.succeeded, service: signer.service, operation: call.operation)
      return response
    }
    let outcome: AWSCallCounters.Outcome =
      error.isThrottling ? .throttled : error.status >= 500 || response.isSuccess ? .failed : .refused
    counters.count(outcome, service: signer.service, operation: call.operation)
    if error.isClockSkew { learnClock(from: response) }
    throw .service(error)
  }

  private func refusal(in response: TransportResponse, to call: ServiceCall) -> ServiceError? {
    response.isSuccess ? call.hiddenError?(response) : parseError(response, call.operation)
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
  /// The same call, repeated, may succeed.
  var isRetryable: Bool {
    switch self {
    case .service(let error): error.isTransient
    case .transport(let error): error.isRetryable
    // Damage on the way: another transfer may be sound.
    case .checksumMismatch: true
    case .credentials, .malformedResponse, .invalidArgument: false
    }
  }
}
