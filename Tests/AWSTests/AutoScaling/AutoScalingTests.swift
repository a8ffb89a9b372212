import AWS
import EventLoop
import Foundation
import TestSupport
import Testing

@Suite("Auto Scaling", .serialized, .enabled(if: ServerUnderTest.obstacle(to: .moto) == nil, "needs moto"))
struct AutoScalingTests {
  @Test("an instance of a group is protected from scale-in, and is not any more")
  func protection() async throws {
    try await onLoop {
      let server = try await ServerUnderTest.running(.moto)
      let service = QueryService("autoscaling", endpoint: server.endpoint, credentials: server.credentials)
      defer { service.shutdown() }
      let group = "workers-\(UUID().uuidString.prefix(8))"
      _ = try await service.call([
        ("Action", "CreateLaunchConfiguration"), ("LaunchConfigurationName", group), ("ImageId", "ami-12c6146b"),
        ("InstanceType", "c7i.large"),
      ])
      _ = try await service.call([
        ("Action", "CreateAutoScalingGroup"), ("AutoScalingGroupName", group), ("LaunchConfigurationName", group),
        ("MinSize", "1"), ("MaxSize", "1"), ("AvailabilityZones.member.1", "us-east-1a"),
      ])
      func instance() async throws -> XMLTree {
        let answer = try await service.call([("Action", "DescribeAutoScalingInstances")])
        let members = answer["DescribeAutoScalingInstancesResult"]?["AutoScalingInstances"]?.all("member") ?? []
        return try #require(members.first { $0["AutoScalingGroupName"]?.text == group })
      }
      let id = try #require(try await instance()["InstanceId"]?.text)
      let clients = try AWSClients(
        AWSConfiguration(region: server.region, endpoint: server.endpoint.url),
        credentials: FixedCredentials(server.credentials), transport: Transport())
      defer { clients.shutdown() }
      let autoScaling = try clients.makeAutoScaling()
      for isProtected in [true, false] {
        try await autoScaling.setInstanceProtection(of: id, in: group, to: isProtected)
        let found = try await instance()["ProtectedFromScaleIn"]?.text
        #expect(found == String(isProtected))
      }
    }
  }

  @Test("a refusal of the Query protocol is understood", arguments: [("Throttling", true), ("ValidationError", false)])
  func refusals(code: String, isThrottling: Bool) async throws {
    try await onLoop {
      let document = """
        <ErrorResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><Error><Type>Sender</Type>\
        <Code>\(code)</Code><Message>no</Message></Error><RequestId>r-1</RequestId></ErrorResponse>
        """
      let server = try ScriptedServer([
        .bytes("HTTP/1.1 400 Bad Request\r\nContent-Length: \(document.utf8.count)\r\n\r\n\(document)")
      ])
      let transport = Transport()
      defer {
        transport.shutdown()
        server.close()
      }
      var options = ServiceOptions()
      options.retryPolicy.attemptCountMax = 1
      let client = AutoScalingClient(
        region: "eu-west-3", endpoint: try ServiceEndpoint(server.url),
        credentials: FixedCredentials(Credentials(accessKeyID: "k", secretAccessKey: "s")), transport: transport,
        options: options)
      do throws(AWSError) {
        try await client.completeLifecycleAction(of: "i-1", hook: "drain", in: "the workers")
        Issue.record("a refusal was taken for a success")
      } catch {
        let refusal = try #require(error.serviceError)
        #expect(
          (refusal.code, refusal.message, refusal.requestID, refusal.status, refusal.operation)
            == (code, "no", "r-1", 400, "CompleteLifecycleAction"))
        #expect(refusal.isThrottling == isThrottling)
      }
      let request = try #require(server.requests.first)
      #expect(request.header("authorization")?.contains("/eu-west-3/autoscaling/aws4_request") ?? false)
      #expect(
        String(decoding: request.body, as: UTF8.self)
          == "Action=CompleteLifecycleAction&Version=2011-01-01&AutoScalingGroupName=the%20workers&InstanceId=i-1"
          + "&LifecycleActionResult=CONTINUE&LifecycleHookName=drain")
    }
  }
}
