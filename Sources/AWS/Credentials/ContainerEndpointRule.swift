/// Which hosts may be sent the authorization token, and believed when they hand out credentials: over plain HTTP only
/// this machine and the link-local addresses of ECS and EKS.
///
/// What is not exactly a host and a port ("127.0.0.1@elsewhere") is none of them.
enum ContainerEndpointRule {
  static func allows(_ url: String) -> Bool {
    if url.hasPrefix("https://") { return url.count > "https://".count }
    guard url.hasPrefix("http://") else { return false }
    let authority = url.dropFirst("http://".count).prefix { !"/?#".contains($0) }
    let host: Substring
    let rest: Substring
    if authority.hasPrefix("[") {
      guard let close = authority.firstIndex(of: "]") else { return false }
      host = authority[..<close].dropFirst()
      rest = authority[close...].dropFirst()
    } else {
      host = authority.prefix { $0 != ":" }
      rest = authority.dropFirst(host.count)
    }
    guard rest.isEmpty || (rest.hasPrefix(":") && UInt16(rest.dropFirst()) != nil) else { return false }
    switch host.lowercased() {
    case "localhost", "::1", "0:0:0:0:0:0:0:1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23": return true
    default: return isLoopback(host)
    }
  }

  /// 127.0.0.0/8, in four decimal numbers: "127.example.com" is a name.
  private static func isLoopback(_ host: Substring) -> Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    let isNumber = { (part: Substring) in
      part.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8(part) != nil
    }
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy(isNumber)
  }
}
