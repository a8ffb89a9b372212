import AWS
import EventLoop
import Foundation
import TestSupport
import Testing

@testable import LocalCloud

struct LocalCloudServerTests {
  @Test("objects, names and the key pair survive a restart", arguments: [false, true])
  func restart(isDurable: Bool) async throws {
    try await onLoop {
      try await CloudUnderTest.run(isDurable: isDurable) { cloud in
        let credentials = cloud.server.credentials
        _ = try await cloud.send("PUT", "/bucket")
        let body = [UInt8](repeating: 7, count: 600_000)
        #expect(try await cloud.send("PUT", "/bucket/k", headers: [("x-amz-meta-a", "1")], body).status == 200)
        try await cloud.restart()
        #expect(cloud.server.credentials == credentials)
        let got = try await cloud.send("GET", "/bucket/k")
        #expect(got.body == body)
        #expect(got.headers["x-amz-meta-a"] == "1")
        #expect(cloud.files(in: "objects").count == 1)
      }
    }
  }

  @Test("the start after a crash sweeps what has no name and keeps what has one")
  func sweep() async throws {
    try await onLoop {
      try await CloudUnderTest.run { cloud in
        _ = try await cloud.send("PUT", "/bucket")
        _ = try await cloud.send("PUT", "/bucket/k", [1, 2, 3])
        let orphan = cloud.folder + "/objects/ab/cdefcdefcdefcdefcdefcdefcdefcd"
        let staged = cloud.folder + "/staging/abcdefcdefcdefcdefcdefcdefcdefcd"
        let stranger = cloud.folder + "/objects/ab/notes.txt"
        for path in [orphan, staged, stranger] { try Data([1]).write(to: URL(filePath: path)) }
        let server = cloud.server
        try await server.shutdown()
        // As a crash leaves it.
        try Data().write(to: URL(filePath: cloud.folder + "/unclean"))
        let again = try await LocalCloudServer.start(LocalCloudConfiguration(port: 0, dataFolder: cloud.folder))
        #expect(!FileManager.default.fileExists(atPath: orphan))
        #expect(!FileManager.default.fileExists(atPath: staged))
        // What nobody here has written is not ours to remove.
        #expect(FileManager.default.fileExists(atPath: stranger))
        try await again.shutdown()
        try await cloud.reopen()
        #expect(try await cloud.send("GET", "/bucket/k").body == [1, 2, 3])
      }
    }
  }

  @Test("calls are counted by operation, refused ones too")
  func calls() async throws {
    try await onLoop {
      try await CloudUnderTest.run { cloud in
        #expect(cloud.server.calls.description == "")
        _ = try await cloud.send("PUT", "/bucket")
        _ = try await cloud.send("PUT", "/bucket/k", [1])
        for key in ["k", "k", "absent"] { _ = try await cloud.send("GET", "/bucket/" + key) }
        #expect(cloud.server.calls.description == "1 CreateBucket, 3 GetObject, 1 PutObject")
      }
    }
  }

  @Test("a folder is served by one process at a time")
  func lock() async throws {
    try await onLoop {
      try await CloudUnderTest.run { cloud in
        await #expect(throws: StorageError.locked(cloud.folder + "/lock")) {
          _ = try await LocalCloudServer.start(LocalCloudConfiguration(port: 0, dataFolder: cloud.folder))
        }
      }
    }
  }

  @Test("an object replaced or deleted while it is read is read whole, and then its file goes")
  func readsBesideWrites() async throws {
    try await onLoop {
      try await CloudUnderTest.run { cloud in
        _ = try await cloud.send("PUT", "/bucket")
        for round in 0..<8 {
          let body = [UInt8](repeating: UInt8(round), count: 1_500_000)
          _ = try await cloud.send("PUT", "/bucket/k", body)
          async let got = cloud.send("GET", "/bucket/k")
          async let gone = cloud.send("DELETE", "/bucket/k")
          let (read, deleted) = try await (got, gone)
          #expect(deleted.status == 204)
          #expect(read.status == 404 || read.body == body)
        }
      }
    }
  }

  @Test("nothing unsigned gets in, and S3 and SQS each say so in their own way")
  func unsigned() async throws {
    try await onLoop {
      try await CloudUnderTest.run { cloud in
        let transport = Transport()
        let objects = try await transport.send(TransportRequest(method: "GET", url: cloud.server.url + "/"))
        #expect(objects.status == 403)
        #expect(objects.element("Code") == "AccessDenied")
        #expect(objects.headers["x-amz-request-id"]?.count == 16)
        let queues = try await transport.send(
          TransportRequest(
            method: "POST", url: cloud.server.url + "/", headers: [("X-Amz-Target", "AmazonSQS.ListQueues")],
            body: .bytes(Array("{}".utf8))))
        #expect(queues.status == 403)
        #expect(queues.text.contains("MissingAuthenticationToken"))
        transport.shutdown()
      }
    }
  }

  @Test(
    "what cannot be parsed is an error of the client's",
    arguments: [
      ("GET", "/bucket/%FF", "", "InvalidURI", 400), ("GET", "/bucket", "prefix=%FF", "InvalidURI", 400),
      ("PATCH", "/bucket/k", "", "MethodNotAllowed", 405), ("POST", "/bucket/k", "", "MethodNotAllowed", 405),
      ("DELETE", "/", "", "MethodNotAllowed", 405), ("GET", "/bucket", "list-type=3", "InvalidArgument", 400),
      ("GET", "/bucket/k", "acl", "NotImplemented", 501),
      ("PUT", "/bucket/k", "uploadId=x&partNumber=0", "InvalidArgument", 400),
      ("PUT", "/bucket/k", "partNumber=1", "InvalidArgument", 400),
      ("POST", "/bucket", "delete", "InvalidRequest", 400),
      ("GET", "/other/k", "", "NoSuchBucket", 404), ("GET", "/bucket/k", "uploadId=none", "NoSuchUpload", 404),
    ])
  func clientErrors(_ method: String, _ path: String, _ query: String, _ code: String, _ status: Int) async throws {
    try await onLoop {
      try await CloudUnderTest.run { cloud in
        _ = try await cloud.send("PUT", "/bucket")
        let answer = try await cloud.send(method, path, query: query)
        #expect(answer.element("Code") == code)
        #expect(answer.status == status)
      }
    }
  }
}
