import AWS
import EventLoop
import Foundation
import Glibc

extension ServerUnderTest {
  @LoopActor static func launchSeaweed() async throws -> ServerUnderTest {
    if let obstacle = obstacle(to: .seaweed) { throw obstacle }
    let credentials = Credentials(accessKeyID: "TESTSACCESSKEY", secretAccessKey: "tests-secret-key")
    let directory = try ServerFolder.make(for: .seaweed)
    let identities = """
      {"identities": [{"name": "tests", "actions": ["Admin", "Read", "Write", "List", "Tagging"], "credentials":
        [{"accessKey": "\(credentials.accessKeyID)", "secretKey": "\(credentials.secretAccessKey)"}]}]}
      """
    let configuration = directory.appending(path: "s3.json")
    try Data(identities.utf8).write(to: configuration)
    // It takes numbers only, so free ones are looked for; between that and its start they can be lost, rarely.
    let ports = try freePorts(8)
    let names = [
      "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port",
      "s3.port.grpc",
    ]
    let process = try ServerProcess(
      testEnvironment + "/weed",
      ["server", "-s3", "-filer", "-ip=127.0.0.1", "-dir=\(directory.path)", "-s3.config=\(configuration.path)"]
        + ["-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=1000"]
        + ["-master.volumeSizeLimitMB=64", "-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false"]
        + zip(names, ports).map { "-\($0)=\($1)" })
    let endpoint = try ServiceEndpoint("http://127.0.0.1:\(ports[6])")
    try await process.output { $0.contains("Start Seaweed S3 API Server") ? () : nil }
    let server = ServerUnderTest(kind: .seaweed, endpoint: endpoint, credentials: credentials)
    try await server.waitUntilObjectsCanBeStored()
    return server
  }

  /// Its parts find each other after they say that they have started; there is no event to wait for from outside.
  @LoopActor private func waitUntilObjectsCanBeStored() async throws {
    let transport = Transport()
    defer { transport.shutdown() }
    let client = try S3Client(
      region: region, endpoint: endpoint, credentials: FixedCredentials(credentials),
      transport: transport)
    var attempt = 1
    while true {
      do {
        try await client.createBucket("startup")
        try await client.putObject(bucket: "startup", key: "probe", body: .bytes([1]))
        return
      } catch {
        guard attempt < 60 else { throw error }
      }
      attempt += 1
      try await sleep(for: .milliseconds(250))
    }
  }
}

/// Ports nobody listens on now, below the range the kernel takes for outgoing connections, as far as it can be helped.
private func freePorts(_ count: Int) throws -> [UInt16] {
  var descriptors: [Int32] = []
  defer { for descriptor in descriptors { close(descriptor) } }
  var ports: [UInt16] = []
  while ports.count < count {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    descriptors.append(descriptor)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16.random(in: 20_000..<32_000).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let isFree = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    if isFree { ports.append(UInt16(bigEndian: address.sin_port)) }
  }
  return ports
}
