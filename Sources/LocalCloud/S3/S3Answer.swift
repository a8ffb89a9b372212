import HTTP

/// What an operation comes to: a response in memory, or an object's bytes to be streamed.
enum S3Answer: Sendable {
  case whole(HTTPResponse)
  case object(status: HTTPStatus, headers: HTTPHeaders, segments: [Segment], range: Range<Int>)

  static func xml(
    _ root: String, headers: HTTPHeaders = HTTPHeaders(), _ content: (inout XMLWriter) -> Void
  ) -> S3Answer {
    var xml = XMLWriter()
    xml.element(root, namespace: XMLWriter.namespace, content)
    return .xml(xml, headers: headers)
  }

  static func xml(_ xml: XMLWriter, headers: HTTPHeaders = HTTPHeaders()) -> S3Answer {
    var headers = headers
    headers["Content-Type"] = "application/xml"
    return .whole(HTTPResponse(status: .ok, headers: headers, body: xml.bytes))
  }

  static func empty(_ status: HTTPStatus = .ok, headers: HTTPHeaders = HTTPHeaders()) -> S3Answer {
    .whole(HTTPResponse(status: status, headers: headers))
  }
}
