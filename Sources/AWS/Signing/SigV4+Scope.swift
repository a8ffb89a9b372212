extension SigV4 {
  /// What a signing key is good for: one day, one region, one service.
  package struct Scope: Sendable, Hashable {
    static let terminator = "aws4_request"

    /// `20150830`.
    package let day: String
    package let region: String
    package let service: String

    /// `20150830/us-east-1/s3/aws4_request`.
    package let text: String

    package init(day: String, region: String, service: String) {
      self.day = day
      self.region = region
      self.service = service
      text = String(joining: [day, "/", region, "/", service, "/", Self.terminator])
    }
  }
}
