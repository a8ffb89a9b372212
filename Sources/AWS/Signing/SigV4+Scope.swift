extension SigV4 {
  /// What a signing key is good for: one day, one region, one service.
  package struct Scope: Sendable, Hashable {
    static let terminator = "aws4_request"

    /// `20150830`.
    package let day: String
    package let region: String
    package let service: String

    package init(day: String, region: String, service: String) {
      self.day = day
      self.region = region
      self.service = service
    }

    package var text: String {
      var text = day
      text.reserveCapacity(64)
      text += "/"
      text += region
      text += "/"
      text += service
      text += "/"
      text += Self.terminator
      return text
    }
  }
}
