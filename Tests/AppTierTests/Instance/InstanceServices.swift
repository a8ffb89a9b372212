import EventLoop
import Foundation
import HTTP
import TestSupport
import Testing

/// What an instance sees of EC2, on loopback: its metadata service, version 2, and the API of Auto Scaling.
@LoopActor final class InstanceServices {
  static let instanceID = "i-0123456789abcdef0"

  /// What `/latest/meta-data/` has beside the instance's id, by path.
  var metadata: [String: String] = [:]
  /// How many of the next requests of the metadata service fail.
  var failureCount = 0
  private(set) var requestCount = 0
  /// How many of the next calls of Auto Scaling are refused.
  var throttledCount = 0
  private(set) var calls: [[String: String]] = []
  private var server: HTTPServer?
  private var token = 0
  private let arrivals: AsyncStream<[String: String]>
  private let arrival: AsyncStream<[String: String]>.Continuation
  private let looks: AsyncStream<Void>
  private let look: AsyncStream<Void>.Continuation

  init() throws {
    (arrivals, arrival) = AsyncStream.makeStream()
    (looks, look) = AsyncStream.makeStream()
    server = try HTTPServer(host: "127.0.0.1", port: 0, limits: HTTPLimits()) { [unowned self] request, response in
      let body = (try? await request.body.collect(upTo: 1 << 16)) ?? []
      response.send(answer(to: request.head, body))
    }
  }

  var url: String { "http://127.0.0.1:\(server?.localAddress.port ?? 0)" }

  /// For a worker's process.
  var environment: [String: String] {
    ["AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_ENDPOINT_URL_AUTO_SCALING": url, "AWS_EC2_METADATA_DISABLED": ""]
  }

  func shutdown() async { await server?.shutdown(within: .zero) }

  /// The next call of Auto Scaling, refused or not. For one waiter.
  func nextCall() async -> [String: String] {
    for await call in arrivals { return call }
    return [:]
  }

  /// The next time somebody asks for notices. For one waiter.
  func nextLook() async {
    for await _ in looks { return }
  }

  private func answer(to head: HTTPRequestHead, _ body: [UInt8]) -> HTTPResponse {
    let path = head.path
    if path == "/" { return callOfAutoScaling(head, body) }
    requestCount += 1
    if failureCount > 0 {
      failureCount -= 1
      return HTTPResponse(status: .serviceUnavailable, text: "")
    }
    if head.method == .put, path == "/latest/api/token" {
      guard head.headers["x-aws-ec2-metadata-token-ttl-seconds"] != nil else {
        return HTTPResponse(status: .badRequest, text: "")
      }
      token += 1
      return HTTPResponse(text: "token-\(token)")
    }
    guard token > 0, head.headers["x-aws-ec2-metadata-token"] == "token-\(token)" else {
      return HTTPResponse(status: .unauthorized, text: "")
    }
    let name = path.dropFirst("/latest/meta-data/".count)
    if name == "spot/instance-action" { look.yield() }
    if name == "instance-id" { return HTTPResponse(text: Self.instanceID) }
    return metadata[String(name)].map { HTTPResponse(text: $0) } ?? HTTPResponse(status: .notFound, text: "")
  }

  private func callOfAutoScaling(_ head: HTTPRequestHead, _ body: [UInt8]) -> HTTPResponse {
    var components = URLComponents()
    components.percentEncodedQuery = String(decoding: body, as: UTF8.self)
    var form: [String: String] = [:]
    for item in components.queryItems ?? [] { form[item.name] = item.value }
    let scope = head.headers["authorization"] ?? ""
    #expect(scope.contains("/autoscaling/aws4_request"), "\(scope)")
    calls.append(form)
    arrival.yield(form)
    if throttledCount > 0 {
      throttledCount -= 1
      let code = "<Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message>"
      return HTTPResponse(
        status: .badRequest, text: "<ErrorResponse><Error>\(code)</Error><RequestId>r</RequestId></ErrorResponse>")
    }
    let action = form["Action"] ?? ""
    return HTTPResponse(text: "<\(action)Response><\(action)Result/></\(action)Response>")
  }
}
