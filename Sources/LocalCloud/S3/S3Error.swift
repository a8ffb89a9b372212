import HTTP

/// An error as S3 names it, and what its client is told beside the code.
struct S3Error: Error, Sendable {
  let code: S3ErrorCode
  let message: String
  /// Further elements of the XML, in order.
  let details: [(name: String, value: String)]
  /// Further header fields.
  var headers: HTTPHeaders

  init(
    _ code: S3ErrorCode, _ message: String? = nil, details: [(name: String, value: String)] = [],
    headers: HTTPHeaders = HTTPHeaders()
  ) {
    self.code = code
    self.message = message ?? code.message
    self.details = details
    self.headers = headers
  }

  /// What a body that did not arrive whole means to its client.
  init(_ error: RequestBodyError) {
    switch error {
    case .tooLarge: self.init(.entityTooLarge)
    case .timedOut: self.init(.requestTimeout)
    case .disconnected, .malformed, .rejected: self.init(.incompleteBody)
    }
  }

  /// - Parameter resource: The path asked for.
  func response(resource: String, requestID: String) -> HTTPResponse {
    var headers = headers
    headers["x-amz-request-id"] = requestID
    // RFC 9110 section 15.4.5: a 304 has no content.
    if code.status == .notModified { return HTTPResponse(status: .notModified, headers: headers) }
    headers["Content-Type"] = "application/xml"
    var xml = XMLWriter()
    xml.element("Error") { xml in
      xml.element("Code", code.rawValue)
      xml.element("Message", message)
      for (name, value) in details { xml.element(name, value) }
      xml.element("Resource", resource)
      xml.element("RequestId", requestID)
    }
    return HTTPResponse(status: code.status, headers: headers, body: xml.bytes)
  }
}
