package import EventLoop
import FoundationEssentials

/// Amazon SQS, or whatever speaks its JSON protocol. Every method is one operation, signed, retried while that can help,
/// and throws `AWSError`. Promises what SQS promises: at least once, so a retried send may come twice. A message whose
/// MD5 does not match what was sent or announced is an error. Queues are named by their URL.
/// Does not batch by itself, and does not extend visibility: that is the tiers' part.
@LoopActor package final class SQSClient {
  package nonisolated let region: String
  package nonisolated let endpoint: ServiceEndpoint
  private let caller: ServiceCaller
  private let timeouts: TransportTimeouts

  /// Entries in a batch.
  package nonisolated static let batchEntryCountMax = 10
  /// Bytes of a message, and of all messages of a batch. AWS has raised it to 1 MiB; the older bound holds everywhere.
  package nonisolated static let batchByteCountMax = 256 * 1024
  /// How long a ReceiveMessage may wait.
  package nonisolated static let waitMax: Duration = .seconds(20)

  /// Ten messages of 1 MiB, their JSON escapes, and what surrounds them.
  private static let responseByteCountMax = 24 << 20
  /// What a long poll may take beyond the time it was told to wait.
  private static let longPollGrace: Duration = .seconds(10)

  /// - Parameter endpoint: nil for AWS's own in `region`.
  package init(
    region: String, endpoint: ServiceEndpoint? = nil, credentials: any CredentialsProvider, transport: Transport,
    options: ServiceOptions = .init()
  ) throws(AWSError) {
    self.region = region
    if let endpoint {
      self.endpoint = endpoint
    } else {
      self.endpoint = try ServiceEndpoint("https://sqs.\(region).amazonaws.com")
    }
    timeouts = options.timeouts
    caller = ServiceCaller(
      signer: .sqs(region: region), credentials: credentials, transport: transport, options: options,
      parseError: { ServiceError.json($0, operation: $1) })
  }

  /// One operation of the JSON 1.0 protocol.
  ///
  /// - Parameter wait: for long polls, how long the answer may take when nothing is wrong.
  func call<Input: Encodable, Output: Decodable>(
    _ operation: String, _ input: Input, wait: Duration? = nil, returning: Output.Type = Output.self
  ) async throws(AWSError) -> Output {
    let document: [UInt8]
    do { document = [UInt8](try JSONEncoder().encode(input)) } catch {
      throw .invalidArgument("\(operation): \(error)")
    }
    let response = try await send(operation, document, wait: wait)
    // Operations without output answer with no body, or with "{}".
    if Output.self == Nothing.self, let nothing = Nothing() as? Output { return nothing }
    do { return try JSONDecoder().decode(Output.self, from: Data(response.body)) } catch {
      throw .malformedResponse(operation: operation, "\(error)")
    }
  }

  /// One operation whose input is JSON already, and whose output `read` makes sense of.
  func call<Output>(
    _ operation: String, document: [UInt8], wait: Duration? = nil,
    read: (inout JSONReader) throws(JSONReader.Failure) -> Output
  ) async throws(AWSError) -> Output {
    let response = try await send(operation, document, wait: wait)
    var reader = JSONReader(response.body)
    do throws(JSONReader.Failure) {
      let output = try read(&reader)
      try reader.end()
      return output
    } catch {
      throw .malformedResponse(operation: operation, error.description)
    }
  }

  private func send(
    _ operation: String, _ document: [UInt8], wait: Duration?
  ) async throws(AWSError) -> TransportResponse {
    var call = ServiceCall(operation: operation, method: "POST", endpoint: endpoint, path: "/")
    call.headers = [
      ("Content-Type", "application/x-amz-json-1.0"), ("X-Amz-Target", "AmazonSQS.\(operation)"),
      // Codes in the JSON protocol's own vocabulary, whatever the account's history.
      ("x-amzn-query-mode", "true"),
    ]
    call.body = .bytes(document)
    call.payloadHash = .sha256(of: document)
    call.response = .collect(byteCountMax: Self.responseByteCountMax)
    call.timeouts = timeouts
    if let wait {
      // Silence is what a long poll is for.
      call.timeouts.stall = nil
      call.timeouts.total = wait + Self.longPollGrace
    }
    return try await caller.send(call)
  }
}
