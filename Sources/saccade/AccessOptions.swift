import ArgumentParser
import EventLoop
import HTTP
import WebTier

/// Who may use the web tier, and how much.
struct AccessOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "File of API keys, a line for each as 'saccade key' prints it. Without it everybody may.",
      discussion: "/healthz, /readyz and /v2/health/ stay open. The file is read again on SIGHUP.", valueName: "file"),
    completion: .file())
  var apiKeys: String?

  @Option(
    help: ArgumentHelp(
      "Requests of one API key whose line says no rate: 10/s, 100/m or 1000/h, and :20 for a burst of 20.",
      discussion: "Each web process counts for itself.", valueName: "rate"),
    transform: rateLimit)
  var keyRate: RateLimit?

  @Option(
    help: ArgumentHelp("Requests of one client address (IPv6: /64).", valueName: "rate"), transform: rateLimit)
  var addressRate: RateLimit?

  @Option(
    help: ArgumentHelp(
      "Address or block (10.0.0.0/8) of proxies whose X-Forwarded-For is believed; repeatable.", valueName: "cidr"),
    transform: subnet)
  var trustedProxy: [Subnet] = []

  @Option(
    help: ArgumentHelp(
      "Origin of pages whose scripts may use the web tier (https://example.org), or '*'; repeatable.",
      valueName: "origin"))
  var allowOrigin: [String] = []

  @Option(
    help: ArgumentHelp(
      "Open connections of a web process, 1 to 1000000; beyond them 503. Each needs a file descriptor.", valueName: "n")
  )
  var maxConnections = HTTPLimits().connectionCountMax

  @Option(
    help: ArgumentHelp(
      """
      Open connections of one address (IPv6: /64) to a web process, trusted proxies excepted, 1 to 1000000; beyond them \
      429. 0 bounds nobody.
      """,
      valueName: "n"))
  var maxConnectionsPerAddress = HTTPLimits().connectionsPerAddressMax ?? 0

  @Option(
    help: ArgumentHelp(
      "How long a connection may wait for its next request, 1 to 4000; longer than a load balancer in front keeps its own.",
      valueName: "seconds"))
  var idleTimeout = Int(HTTPLimits().idleDuration.components.seconds)

  @Option(
    help: ArgumentHelp(
      "Uploads on their way to S3 at once, 1 to 1000000; beyond them 503 before the body.", valueName: "n"))
  var maxUploads = WebLimits().uploadCountMax

  @Option(
    help: ArgumentHelp(
      "Memory of all uploads beyond which new ones get 503 before the body, 1 to 1048576 MiB.", valueName: "mib"))
  var uploadMemory = WebLimits().bufferByteCountMax >> 20

  @Option(
    help: ArgumentHelp(
      "Bytes a second that an upload must bring, on average over 20 seconds, 1 to 1048576; else 408.",
      valueName: "bytes"))
  var minUploadRate = HTTPLimits().bodyRateMin

  func validate() throws {
    guard (1...1_000_000).contains(maxConnections) else { throw ValidationError("--max-connections is 1 to 1000000.") }
    guard (0...1_000_000).contains(maxConnectionsPerAddress) else {
      throw ValidationError("--max-connections-per-address is 0 to 1000000.")
    }
    guard (1...4000).contains(idleTimeout) else { throw ValidationError("--idle-timeout is 1 to 4000 seconds.") }
    guard (1...1_000_000).contains(maxUploads) else { throw ValidationError("--max-uploads is 1 to 1000000.") }
    guard (1...1_048_576).contains(uploadMemory) else { throw ValidationError("--upload-memory is 1 to 1048576 MiB.") }
    guard (1...1_048_576).contains(minUploadRate) else { throw ValidationError("--min-upload-rate is 1 to 1048576.") }
    for origin in allowOrigin where origin != "*" {
      let parts = origin.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 3, parts[0].hasSuffix(":"), parts[1].isEmpty, !parts[2].isEmpty,
        origin == origin.lowercased()
      else { throw ValidationError("--allow-origin is scheme://host[:port] in lower case, or *, not \(origin).") }
    }
    if keyRate != nil, apiKeys == nil { throw ValidationError("--key-rate needs --api-keys.") }
  }

  func apply(to configuration: inout WebConfiguration) {
    configuration.access.keyFile = apiKeys
    configuration.access.keyRate = keyRate
    configuration.access.addressRate = addressRate
    configuration.access.trustedProxies = trustedProxy
    configuration.access.allowedOrigins = allowOrigin
    configuration.http.connectionCountMax = maxConnections
    configuration.http.connectionsPerAddressMax = maxConnectionsPerAddress == 0 ? nil : maxConnectionsPerAddress
    configuration.http.idleDuration = .seconds(idleTimeout)
    configuration.http.bodyRateMin = minUploadRate
    configuration.limits.uploadCountMax = maxUploads
    configuration.limits.bufferByteCountMax = uploadMemory << 20
  }
}

private func rateLimit(_ text: String) throws -> RateLimit {
  guard let rate = RateLimit(text) else { throw ValidationError("A rate is like 10/s, 100/m or 1000/h:20.") }
  return rate
}

private func subnet(_ text: String) throws -> Subnet {
  guard let subnet = Subnet(text) else {
    throw ValidationError("A proxy is an address, or a block like 10.0.0.0/8 without bits beyond its prefix.")
  }
  return subnet
}
