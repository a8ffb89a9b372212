package import AWS
package import EventLoop
import Foundation

/// A service of the Query protocol (IAM, Auto Scaling), for what tests prepare and look at there.
@LoopActor package final class QueryService {
  private let transport = Transport()
  private let endpoint: ServiceEndpoint
  private let credentials: Credentials
  private var signer: SigV4

  package init(_ service: String, endpoint: ServiceEndpoint, credentials: Credentials) {
    self.endpoint = endpoint
    self.credentials = credentials
    signer = SigV4(region: "us-east-1", service: service, rules: .generic)
  }

  package func call(_ form: [(String, String)]) async throws -> XMLTree {
    let body = Array(form.map { $0.0 + "=" + URIEncoding.encode($0.1) }.joined(separator: "&").utf8)
    var request = SigV4.Request(
      method: "POST", path: "/", query: "",
      headers: [("Host", endpoint.authority), ("Content-Type", "application/x-www-form-urlencoded")],
      payloadHash: .sha256(of: body))
    signer.sign(&request, with: credentials, at: Date())
    let response = try await transport.send(
      TransportRequest(method: "POST", url: endpoint.url + "/", headers: request.headers, body: .bytes(body)))
    guard response.isSuccess else {
      throw ServerUnderTest.Unavailable(description: String(decoding: response.body, as: UTF8.self))
    }
    return try XMLTree(parsing: response.body)
  }

  package func shutdown() { transport.shutdown() }
}
