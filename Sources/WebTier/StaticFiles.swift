import AWS
import EventLoop
import HTTP
import Pages

/// The pages and what they load.
///
/// A page is asked about each time (`no-cache`, answered 304 by its entity tag). What a page loads has in its path the
/// version of all files together, and is kept for a year: it never changes under that name. While an upgrade replaces the
/// processes of a port, the page of one may load files of another: these have another version than the path says, come
/// as they are, and are not kept.
@LoopActor
struct StaticFiles {
  static let path = "/assets/"
  nonisolated static let openAPIPath = "/openapi.json"
  /// What stands in a page for the version.
  private static let placeholder = "{{version}}"

  private struct File {
    let entityTag: String
    /// Whole, but for `Cache-Control`.
    let response: HTTPResponse

    init(name: String, body: [UInt8], isPage: Bool) {
      entityTag = "\"\(Hexadecimal.encode(MessageDigest.sha256.hash(body)).prefix(32))\""
      var headers: HTTPHeaders = [
        "Content-Type": StaticFiles.contentType(of: name), "ETag": entityTag, "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": StaticFiles.openAPIPath == "/" + name ? "cross-origin" : "same-origin",
      ]
      // It is the same for everybody, and tools on other pages read it.
      if StaticFiles.openAPIPath == "/" + name { headers.add("Access-Control-Allow-Origin", "*") }
      if isPage {
        headers.add("Content-Security-Policy", StaticFiles.contentSecurityPolicy)
        headers.add("Referrer-Policy", "no-referrer")
        headers.add("Cross-Origin-Opener-Policy", "same-origin")
        // `/` is text for those who do not ask for a page.
        headers.add("Vary", "Accept")
      }
      response = HTTPResponse(status: .ok, headers: headers, body: body)
    }
  }

  private let files: [String: File]
  private let version: String

  init(_ files: [(name: String, bytes: [UInt8])] = Pages.files) {
    let all = files.flatMap { MessageDigest.sha256.hash($0.bytes) }
    let version = String(Hexadecimal.encode(MessageDigest.sha256.hash(all)).prefix(16))
    self.version = version
    self.files = Dictionary(
      uniqueKeysWithValues: files.map { name, bytes in
        let isPage = name.hasSuffix(".html")
        let body =
          isPage
          ? Array(String(decoding: bytes, as: UTF8.self).replacing(StaticFiles.placeholder, with: version).utf8) : bytes
        return (name, File(name: name, body: body, isPage: isPage))
      })
  }

  /// A page, or a file that people and programs know by a path of its own.
  func page(_ name: String, to request: HTTPRequest) -> HTTPResponse {
    guard let file = files[name] else { preconditionFailure("there is no page \(name)") }
    return answer(file, to: request, caching: "no-cache")
  }

  /// What a page loads: `/assets/VERSION/NAME`.
  /// - Returns: `nil` when there is no such file.
  func asset(at path: String, to request: HTTPRequest) -> HTTPResponse? {
    let parts = path.dropFirst(StaticFiles.path.count).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let file = files[String(parts[1])] else { return nil }
    return answer(file, to: request, caching: parts[0] == version ? "public, max-age=31536000, immutable" : "no-cache")
  }

  private func answer(_ file: File, to request: HTTPRequest, caching: String) -> HTTPResponse {
    var response = file.response
    // RFC 9110 §13.1.2, for which a list of one's own single tags is looked through as text.
    if let tags = request.head.headers["if-none-match"], tags.contains(file.entityTag) || tags == "*" {
      response.status = .notModified
      response.body = []
    }
    response.headers.add("Cache-Control", caching)
    return response
  }
}

extension StaticFiles {
  /// Nothing but this server's own files, and the pictures that a person has chosen (`blob:`). No inline script or style,
  /// no frame, no plug-in, no other host.
  nonisolated fileprivate static let contentSecurityPolicy = """
    default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
    manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
    """

  nonisolated fileprivate static func contentType(of name: String) -> String {
    switch name.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    case "json": "application/json"
    case "webmanifest": "application/manifest+json"
    default: preconditionFailure("what is \(name)?")
    }
  }
}
