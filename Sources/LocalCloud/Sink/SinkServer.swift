package import EventLoop
import HTTP

/// A cloud that only pretends, for measuring what stands in front of it: objects are read and thrown away, jobs are
/// answered by nobody, queues live in memory. It costs as little as a correct answer can, and verifies no signature.
@LoopActor
package final class SinkServer {
  private static let shutdownBound: Duration = .seconds(1)
  private static let queueTargetPrefix = "AmazonSQS."

  private let server: HTTPServer
  private let queues: SinkQueues

  package var localAddress: SocketAddress { server.localAddress }
  /// What clients take as their endpoint: `http://127.0.0.1:9000`.
  package var url: String { "http://\(localAddress)" }

  /// Listens and answers.
  package init(_ configuration: SinkConfiguration) throws(UVError) {
    let limits = configuration.limits
    let queues = SinkQueues(configuration)
    let objects = SinkObjects(
      faults: SinkFaults(
        failureShare: configuration.failureShare, resetShare: configuration.resetShare, seed: configuration.seed))
    var httpLimits = HTTPLimits()
    httpLimits.bodyByteCountMax = nil
    httpLimits.connectionCountMax = limits.connectionCountMax
    httpLimits.connectionsPerAddressMax = nil
    httpLimits.bodyRateWindow = .seconds(60)
    httpLimits.requestDuration = nil
    self.queues = queues
    server = try HTTPServer(host: configuration.host, port: configuration.port, limits: httpLimits) {
      request, response in
      guard let target = request.head.headers["x-amz-target"], target.hasPrefix(SinkServer.queueTargetPrefix) else {
        return await objects.respond(to: request, response)
      }
      let operation = String(target.dropFirst(SinkServer.queueTargetPrefix.count))
      guard let body = try? await request.body.collect(upTo: limits.queueRequestByteCountMax) else {
        response.send(
          SQSService.errorResponse(
            code: "RequestEntityTooLarge", message: "The body did not arrive whole.", status: 413, requestID: "0"))
        return
      }
      let context = SQSContext(baseURL: "http://\(request.head.authority)", requestID: "0")
      response.send(await queues.handle(operation: operation, body: body, context: context))
    }
  }

  /// Gives every answer that is held back.
  package func releaseAnswers() { queues.release() }

  package func shutdown() async {
    queues.shutdown()
    await server.shutdown(within: SinkServer.shutdownBound)
  }
}
