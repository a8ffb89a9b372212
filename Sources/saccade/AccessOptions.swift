import ArgumentParser
import EventLoop
import WebTier

/// Who may use the web tier, and how much.
struct AccessOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "File of API keys, a line for each as 'saccade key' prints it. Without it everybody may.",
      discussion: "/healthz and /readyz stay open. The file is read again on SIGHUP.", valueName: "file"))
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

  func validate() throws {
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
