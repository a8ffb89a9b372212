package import EventLoop

/// The clients of one process, over one transport, with one chain of credentials.
@LoopActor
package final class AWSClients {
  package let s3: S3Client
  package let sqs: SQSClient
  package let transport: Transport
  /// Every attempt of every call of both clients.
  package let counters: AWSCallCounters
  private let configuration: AWSConfiguration
  private let credentials: any CredentialsProvider
  private var streamTransports: [Transport] = []

  /// Finds region, endpoints and credentials where the AWS SDKs look for them; `AWS_CA_BUNDLE` replaces the system's
  /// certificate authorities.
  /// - Throws: `AWSConfigurationError` when no region is known or an endpoint is no URL, `AWSError` likewise.
  ///   Credentials are looked for with the first call.
  /// - Parameter concurrentCallCountMax: What the caller's own bounds let happen at once, beside a few calls of the process;
  ///   those that find no connection free wait.
  package static func fromEnvironment(
    _ environment: [String: String], concurrentCallCountMax: Int = 0
  ) async throws -> AWSClients {
    var limits = TransportLimits()
    limits.waitingRequestCountMax += concurrentCallCountMax
    limits.certificateAuthorityFile = environment["AWS_CA_BUNDLE"]
    let transport = Transport(limits: limits)
    let configuration = try await AWSConfiguration.resolve(environment: environment, metadata: transport)
    let credentials = CredentialsChain(environment: environment, metadata: transport)
    return try AWSClients(configuration, credentials: credentials, transport: transport)
  }

  package init(
    _ configuration: AWSConfiguration, credentials: any CredentialsProvider, transport: Transport
  ) throws(AWSError) {
    self.transport = transport
    self.configuration = configuration
    self.credentials = credentials
    counters = AWSCallCounters()
    let options = ServiceOptions(counters: counters)
    s3 = try S3Client(
      region: configuration.region, endpoint: ServiceEndpoint(configuration.s3.url),
      usesPathStyle: configuration.s3.isCustom, credentials: credentials, transport: transport, options: options)
    sqs = try SQSClient(
      region: configuration.region, endpoint: ServiceEndpoint(configuration.sqs.url), credentials: credentials,
      transport: transport, options: options)
  }

  /// Another S3 client, for bodies that come slowly and all at once: with connections, buffers and queue of its own.
  /// - Parameters:
  ///   - activeCountMax: Bodies on their way at once; those beyond wait in their order.
  ///   - durationMax: Of one body, from beginning to answer.
  package func makeStreams(activeCountMax: Int, durationMax: Duration) throws(AWSError) -> S3Client {
    let streams = Transport(limits: .streams(activeCountMax: activeCountMax, like: transport.limits))
    streamTransports.append(streams)
    let timeouts = TransportTimeouts(total: durationMax)
    return try S3Client(
      region: configuration.region, endpoint: ServiceEndpoint(configuration.s3.url),
      usesPathStyle: configuration.s3.isCustom, credentials: credentials, transport: streams,
      options: ServiceOptions(counters: counters, timeouts: timeouts))
  }

  /// A client of Auto Scaling, for the few processes that need one.
  package func makeAutoScaling() throws(AWSError) -> AutoScalingClient {
    AutoScalingClient(
      region: configuration.region, endpoint: try ServiceEndpoint(configuration.autoScaling.url),
      credentials: credentials, transport: transport, options: ServiceOptions(counters: counters))
  }

  /// Ends what is under way; every call fails from then on.
  package func shutdown() {
    transport.shutdown()
    for streams in streamTransports { streams.shutdown() }
  }
}
