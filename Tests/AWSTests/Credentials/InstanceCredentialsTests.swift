import AWS
import EventLoop
import Foundation
import TestSupport
import Testing

@Suite("the role of an instance, by IMDSv2")
struct InstanceCredentialsTests {
  private static let start = Date(timeIntervalSince1970: 1_700_000_000)
  private static let roles = "/latest/meta-data/iam/security-credentials/"

  private static func environment(_ server: MetadataServer) async -> [String: String] {
    ["AWS_EC2_METADATA_SERVICE_ENDPOINT": await server.url + "/", "HOME": "/nonexistent"]
  }

  @Test("a token by PUT, the role's name, its credentials; and the token is used again")
  func story() async throws {
    try await onLoop {
      let clock = SettableClock(Self.start)
      try await withMetadataServer({ request in
        switch request.line {
        case "PUT /latest/api/token":
          return request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600" ? .ok("token-1") : .status(400, "")
        case _ where request.headers["x-aws-ec2-metadata-token"] != "token-1": return .status(401, "")
        case "GET " + Self.roles: return .ok("web role\n")
        case "GET " + Self.roles + "web%20role":
          return .ok(credentialsDocument("K", expires: clock.now + 3600, code: "Success"))
        default: return .status(404, "")
        }
      }) { server, transport in
        let chain = CredentialsChain(
          environment: await Self.environment(server), metadata: transport, now: { clock.now })
        let credentials = try await chain.credentials()
        #expect(credentials.accessKeyID == "K")
        #expect(credentials.secretAccessKey == "secret of K")
        #expect(credentials.sessionToken == "token of K")
        #expect(credentials.expiration == Self.start + 3600)
        #expect(chain.sourceName == "instance metadata")
        #expect(
          server.lines == ["PUT /latest/api/token", "GET " + Self.roles, "GET " + Self.roles + "web%20role"])
        // Kept: nobody is asked again.
        _ = try await chain.credentials()
        #expect(server.requests.count == 3)
        // Refreshed at their end, with the token that is still good.
        clock.advance(seconds: 3590)
        let found = try await chain.credentials()
        #expect(found.expiration == clock.now + 3600)
        #expect(server.lines.filter { $0.hasPrefix("PUT") }.count == 1)
        #expect(server.requests.count == 5)
      }
    }
  }

  @Test("a token near its end is replaced, and so is one that is refused, once")
  func tokens() async throws {
    try await onLoop {
      let clock = SettableClock(Self.start)
      var count = 0
      var valid = ""
      try await withMetadataServer({ request in
        if request.method == "PUT" {
          count += 1
          valid = "token-\(count)"
          return .ok(valid)
        }
        return request.headers["x-aws-ec2-metadata-token"] == valid ? .ok("eu-west-3") : .status(401, "")
      }) { server, transport in
        let metadata = InstanceMetadata(
          environment: await Self.environment(server), metadata: transport, now: { clock.now })
        try await expect("placement/region", is: "eu-west-3", in: metadata)
        clock.advance(seconds: 21_539)
        try await expect("placement/region", is: "eu-west-3", in: metadata)
        #expect(count == 1)
        clock.advance(seconds: 1)
        try await expect("placement/region", is: "eu-west-3", in: metadata)
        #expect(count == 2)
        valid = "the instance was restarted"
        try await expect("placement/region", is: "eu-west-3", in: metadata)
        #expect(count == 3)
      }
    }
  }

  @Test("a service that refuses every token is an error, not a loop")
  func refusedTokens() async throws {
    try await onLoop {
      try await withMetadataServer({ $0.method == "PUT" ? .ok("t") : .status(401, "no") }) { server, transport in
        let metadata = InstanceMetadata(environment: await Self.environment(server), metadata: transport)
        await #expect(throws: CredentialsError.refused(source: "instance metadata", status: 401, "no")) {
          try await metadata.get("placement/region")
        }
        #expect(server.requests.count == 4)
      }
    }
  }

  @Test("an instance without a role has no credentials, and a disabled service is not asked")
  func none() async throws {
    try await onLoop {
      try await withMetadataServer({ $0.method == "PUT" ? .ok("t") : .status(404, "") }) { server, transport in
        var environment = await Self.environment(server)
        let notFound = CredentialsError.notFound(
          asked: ["environment", "web identity", "shared files", "container endpoint", "instance metadata"])
        await #expect(throws: notFound) {
          try await CredentialsChain(environment: environment, metadata: transport).credentials()
        }
        #expect(server.requests.count == 2)
        environment["AWS_EC2_METADATA_DISABLED"] = "TRUE"
        let disabled = environment
        await #expect(throws: notFound) {
          try await CredentialsChain(environment: disabled, metadata: transport).credentials()
        }
        #expect(server.requests.count == 2)
      }
    }
  }

  @Test("a failure said with status 200, and documents that are none, are errors")
  func documents() async throws {
    let wrong = [
      "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"no trust\"}", "not JSON", "{}", "[]",
      "{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"s\"}",
      "{\"AccessKeyId\":\"k\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}",
    ]
    for document in wrong {
      try await onLoop {
        try await withMetadataServer({ request in
          request.method == "PUT" ? .ok("t") : request.path.hasSuffix("/") ? .ok("role") : .ok(document)
        }) { server, transport in
          let chain = CredentialsChain(environment: await Self.environment(server), metadata: transport)
          do {
            _ = try await chain.credentials()
            Issue.record("accepted \(document)")
          } catch CredentialsError.refused(_, let status, _) {
            #expect(status == 200)
          }
        }
      }
    }
  }

  @Test("a connection that is reset is tried again, a dead service is an error")
  func failures() async throws {
    try await onLoop {
      var count = 0
      try await withMetadataServer({ _ in
        count += 1
        return count == 1 ? .reset : .ok("x")
      }) { server, transport in
        let metadata = InstanceMetadata(environment: await Self.environment(server), metadata: transport)
        try await expect("a", is: "x", in: metadata)
      }
      try await withMetadataServer({ _ in .reset }) { server, transport in
        let metadata = InstanceMetadata(environment: await Self.environment(server), metadata: transport)
        do {
          _ = try await metadata.get("a")
          Issue.record("an answer from a dead service")
        } catch CredentialsError.unreachable(let source, _) {
          #expect(source == "instance metadata")
        }
        #expect(server.requests.count == 2)
      }
    }
  }
}
