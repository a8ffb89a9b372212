/// Which region, and where S3, SQS, Auto Scaling and STS are: from the environment and the shared files, as the AWS SDKs read them.
package struct AWSConfiguration: Sendable, Hashable {
  /// What signatures are scoped to.
  package var region: String
  package var s3: Endpoint
  package var sqs: Endpoint
  package var autoScaling: Endpoint
  package var sts: Endpoint

  package struct Endpoint: Sendable, Hashable {
    /// `https://s3.eu-west-1.amazonaws.com`; no slash at the end.
    package var url: String
    /// Given by whoever runs this, not derived from the region.
    package var isCustom: Bool

    package init(url: String, isCustom: Bool) {
      var url = url
      while url.hasSuffix("/") { url.removeLast() }
      self.url = url
      self.isCustom = isCustom
    }
  }

  /// - Parameters:
  ///   - autoScaling: nil for AWS's own.
  ///   - sts: likewise.
  package init(
    region: String, s3: Endpoint, sqs: Endpoint, autoScaling: Endpoint? = nil, sts: Endpoint? = nil
  ) {
    self.region = region
    self.s3 = s3
    self.sqs = sqs
    self.autoScaling = autoScaling ?? Self.regional("autoscaling", region)
    self.sts = sts ?? Self.regional("sts", region)
  }

  /// AWS's own endpoints, or one custom endpoint for all services.
  package init(region: String, endpoint: String? = nil) {
    let custom = endpoint.map { Endpoint(url: $0, isCustom: true) }
    self.init(
      region: region, s3: custom ?? Self.regional("s3", region), sqs: custom ?? Self.regional("sqs", region),
      autoScaling: custom, sts: custom)
  }

  /// Whether a bucket's name goes into the path rather than in front of the host. A store of one's own seldom has a
  /// wildcard name and certificate, and AWS's certificate does not cover a name with dots.
  package func usesPathStyle(forBucket bucket: String) -> Bool {
    s3.isCustom || bucket.contains(".")
  }

  /// Reads the environment and the shared files; blocks on the files, so before the loop runs or offloaded.
  ///
  /// Region: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`; `us-east-1` when both services have custom
  /// endpoints, which seldom care. Endpoints: `AWS_ENDPOINT_URL_S3`, `_SQS`, `_AUTO_SCALING` and `_STS`, `AWS_ENDPOINT_URL`,
  /// then the same of the profile, unless `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is true; else AWS's own of the region.
  ///
  /// - Throws: `regionMissing` when nothing says which; `resolve` asks the instance then.
  package static func fromEnvironment(
    _ environment: [String: String], readFile: SharedProfile.ReadFile = SharedFileReader.read
  ) throws(AWSConfigurationError) -> AWSConfiguration {
    let profile: SharedProfile?
    do {
      profile = try SharedProfile.load(environment: environment, readFile: readFile)
    } catch {
      throw .file(error)
    }
    let ignoresURLs = environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() == "true"
    func custom(_ service: String) throws(AWSConfigurationError) -> Endpoint? {
      if ignoresURLs { return nil }
      let url =
        environment.setting("AWS_ENDPOINT_URL_" + service.uppercased()) ?? environment.setting("AWS_ENDPOINT_URL")
        ?? profile?.endpointURL(of: service)
      guard let url else { return nil }
      guard Self.isEndpoint(url) else { throw .invalidEndpoint(service: service, url) }
      return Endpoint(url: url, isCustom: true)
    }
    let s3 = try custom("s3")
    let sqs = try custom("sqs")
    let autoScaling = try custom("auto_scaling")
    let sts = try custom("sts")
    var region =
      environment.setting("AWS_REGION") ?? environment.setting("AWS_DEFAULT_REGION") ?? profile?.region
    if region == nil, s3 != nil, sqs != nil { region = "us-east-1" }
    guard let region else { throw .regionMissing }
    guard Self.isRegion(region) else { throw .invalidRegion(region) }
    return AWSConfiguration(
      region: region, s3: s3 ?? Self.regional("s3", region), sqs: sqs ?? Self.regional("sqs", region),
      autoScaling: autoScaling, sts: sts)
  }

  private static func regional(_ service: String, _ region: String) -> Endpoint {
    let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    return Endpoint(url: "https://\(service).\(region).\(domain)", isCustom: false)
  }

  /// A region becomes part of a host name, so it must not bring a host of its own.
  private static func isRegion(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count)
      && text.utf8.allSatisfy { URIEncoding.isUnreserved($0) && !".~_".utf8.contains($0) }
  }

  private static func isEndpoint(_ url: String) -> Bool {
    for scheme in ["http://", "https://"] where url.lowercased().hasPrefix(scheme) {
      let rest = url.dropFirst(scheme.count)
      return !rest.isEmpty && !rest.hasPrefix("/") && rest.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        && !rest.contains { "?#@".contains($0) }
    }
    return false
  }
}
