import EventLoop
import Foundation
import TestSupport
import Testing

@testable import AWS

@Suite("the credentials of a container")
struct ContainerCredentialsTests {
  @Test("the token file is read again for every refresh")
  func tokenFile() async throws {
    try await withTemporaryFolder { folder in
      let file = folder + "/token"
      try "first\n".write(toFile: file, atomically: true, encoding: .utf8)
      try await onLoop {
        let clock = SettableClock(Date(timeIntervalSince1970: 1_700_000_000))
        try await withMetadataServer({ request in
          let token = request.headers["authorization"] ?? ""
          return .ok(credentialsDocument(token, expires: clock.now + 3600))
        }) { server, transport in
          let chain = CredentialsChain(
            environment: [
              "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/v1/credentials?a=b",
              "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file,
              "AWS_CONTAINER_AUTHORIZATION_TOKEN": "the file goes before this",
            ], metadata: transport, now: { clock.now })
          try await expectKey("first", from: chain)
          #expect(chain.sourceName == "container endpoint")
          #expect(server.lines == ["GET /v1/credentials?a=b"])
          try "second".write(toFile: file, atomically: true, encoding: .utf8)
          clock.advance(seconds: 3600)
          try await expectKey("second", from: chain)
          try FileManager.default.removeItem(atPath: file)
          clock.advance(seconds: 3600)
          await #expect(throws: CredentialsError.file(.unreadable(path: file, "no such file"))) {
            try await chain.credentials()
          }
        }
      }
    }
  }

  @Test("a token with a line break would be another header, and is refused")
  func tokenInjection() async throws {
    try await onLoop {
      try await withMetadataServer({ _ in .status(500, "") }) { server, transport in
        let chain = CredentialsChain(
          environment: [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a\r\nX-Other: b",
          ], metadata: transport)
        do {
          _ = try await chain.credentials()
          Issue.record("accepted")
        } catch CredentialsError.invalid(let source, _) {
          #expect(source == "container endpoint")
        }
        #expect(server.requests.isEmpty)
      }
    }
  }

  @Test("an endpoint that fails is asked three times, one that refuses once; neither falls through to the instance")
  func failures() async throws {
    for (status, count) in [(500, 3), (429, 3), (403, 1), (404, 1)] {
      try await onLoop {
        try await withMetadataServer({ _ in .status(status, " why ") }) { server, transport in
          let chain = CredentialsChain(
            environment: [
              "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/c",
              "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url,
            ], metadata: transport)
          await #expect(throws: CredentialsError.refused(source: "container endpoint", status: status, "why")) {
            try await chain.credentials()
          }
          #expect(server.lines == Array(repeating: "GET /c", count: count))
        }
      }
    }
  }

  @Test("the relative URI is on the ECS agent's address")
  func relative() async throws {
    @LoopActor final class Recorder: MetadataFetching {
      var urls: [String] = []
      func fetch(_ request: MetadataRequest) async throws(MetadataError) -> MetadataResponse {
        urls.append(request.url)
        return MetadataResponse(status: 200, body: Array(credentialsDocument("K", expires: nil).utf8))
      }
    }
    try await onLoop {
      let recorder = Recorder()
      let environment = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1234"]
      let chain = CredentialsChain(environment: environment, metadata: recorder)
      let found = try await chain.credentials()
      #expect(found.expiration == nil)
      #expect(recorder.urls == ["http://169.254.170.2/v2/credentials/1234"])
      let wrong = CredentialsChain(
        environment: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@elsewhere/"], metadata: recorder)
      await #expect(throws: CredentialsError.self) { try await wrong.credentials() }
      #expect(recorder.urls.count == 1)
    }
  }

  @Test(
    "plain HTTP is for this machine and the two agents only",
    arguments: [
      ("http://127.0.0.1/", true), ("http://127.9.8.7:80/x", true), ("http://localhost:8080", true),
      ("http://[::1]/", true), ("http://169.254.170.2/x", true), ("http://169.254.170.23/v1/credentials", true),
      ("http://[fd00:ec2::23]/v1", true), ("https://example.com/x", true), ("https://", false),
      ("http://example.com/", false), ("http://169.254.170.3/", false), ("http://127.example.com/", false),
      ("http://127.0.0.1.example.com/", false), ("http://127.0.0.1@example.com/", false),
      ("http://127.0.0.1\\@example.com/", false), ("http://127.0.0.1:80@example.com/", false), ("http://[::2]/", false),
      ("http://[::1", false),
      ("http://127.0.0.1:x/", false), ("http://127.0.0.256/", false), ("http://127.0.0/", false),
      ("ftp://127.0.0.1/", false), ("", false), ("http://", false), ("http://localhost.example.com", false),
    ])
  func hosts(url: String, isAllowed: Bool) {
    #expect(ContainerEndpointRule.allows(url) == isAllowed)
  }
}
