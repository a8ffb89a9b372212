/// What is missing or wrong in the settings; each says what to do.
package enum AWSConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  case regionMissing
  case invalidRegion(String)
  case invalidEndpoint(service: String, String)
  case file(SharedFileError)

  package var description: String {
    switch self {
    case .regionMissing: "no region: set AWS_REGION, or a region in the profile, or AWS_ENDPOINT_URL for another store"
    case .invalidRegion(let text): "\"\(text)\" is not a region's name"
    case .invalidEndpoint(let service, let url):
      "the endpoint of \(service), \"\(url)\", is not http(s)://host[:port][/path]"
    case .file(let error): error.description
    }
  }
}
