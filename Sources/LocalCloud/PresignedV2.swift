import AWS
import COpenSSL
import FoundationEssentials
import HTTP

/// A URL presigned with Signature Version 2, which `aws s3 presign` and boto3 still make unless told otherwise
/// ("Signing and authenticating REST requests: query string request authentication alternative", S3 developer guide).
///
/// Only in the query: a Version 2 `Authorization` header is refused.
struct PresignedV2: Sendable {
  /// Query parameters that are part of what is signed.
  private static let signedParameters: Set = [
    "acl", "cors", "delete", "lifecycle", "location", "logging", "notification", "partNumber", "policy",
    "requestPayment", "response-cache-control", "response-content-disposition", "response-content-encoding",
    "response-content-language", "response-content-type", "response-expires", "restore", "tagging", "torrent",
    "uploadId", "uploads", "versionId", "versioning", "versions", "website",
  ]

  private let accessKeyID: String
  private let signature: String
  private let expires: String

  /// Nil unless the query is presigned this way.
  init?(_ query: HTTP.QueryParameters) {
    guard let accessKeyID = query["AWSAccessKeyId"], let signature = query["Signature"], let expires = query["Expires"]
    else { return nil }
    self.accessKeyID = accessKeyID
    self.signature = signature
    self.expires = expires
  }

  func verify(
    _ head: HTTPRequestHead, _ query: HTTP.QueryParameters, _ credentials: Credentials, at now: Date
  ) throws(S3Error) {
    guard let end = Int64(expires), end >= 0 else {
      throw S3Error(.accessDenied, "Invalid date (should be seconds since epoch): \(expires)")
    }
    guard accessKeyID == credentials.accessKeyID else {
      throw S3Error(.invalidAccessKeyID, details: [("AWSAccessKeyId", accessKeyID)])
    }
    guard credentials.sessionToken == nil || query["x-amz-security-token"] == credentials.sessionToken else {
      throw S3Error(.invalidToken)
    }
    let text = stringToSign(head, query)
    let expected = Base64.encode(PresignedV2.authenticationCode(text, credentials.secretAccessKey))
    guard HMACSHA256.isEqual(Array(expected.utf8), Array(signature.utf8)) else {
      throw S3Error(.signatureDoesNotMatch, details: [("StringToSign", text)])
    }
    guard now.timeIntervalSince1970 <= Double(end) else {
      throw S3Error(
        .accessDenied, "Request has expired",
        details: [
          ("Expires", Timestamp(Date(timeIntervalSince1970: Double(end))).iso8601),
          ("ServerTime", Timestamp(now).iso8601),
        ])
    }
  }

  private func stringToSign(_ head: HTTPRequestHead, _ query: HTTP.QueryParameters) -> String {
    var text = head.method.rawValue + "\n"
    // boto3 moves these two, and x-amz- headers, into the query after it has signed them.
    text += (head.headers["content-md5"] ?? query["content-md5"] ?? "") + "\n"
    text += (head.headers["content-type"] ?? query["content-type"] ?? "") + "\n"
    text += expires + "\n"
    var headers: [String: String] = [:]
    for (name, value) in head.headers {
      let name = name.lowercased()
      if name.hasPrefix("x-amz-") { headers[name] = headers[name].map { $0 + "," + value } ?? value }
    }
    for parameter in query.parameters where parameter.name.hasPrefix("x-amz-") && headers[parameter.name] == nil {
      headers[parameter.name] = parameter.value
    }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { text += name + ":" + value + "\n" }
    let subresources = query.parameters
      .filter { PresignedV2.signedParameters.contains($0.name) }
      .map { $0.value.isEmpty ? $0.name : $0.name + "=" + $0.value }
      .sorted()
    return text + head.path + (subresources.isEmpty ? "" : "?" + subresources.joined(separator: "&"))
  }

  /// HMAC with SHA-1 (RFC 2104), 20 bytes.
  private static func authenticationCode(_ text: String, _ key: String) -> [UInt8] {
    let message = Array(text.utf8)
    let key = Array(key.utf8)
    return [UInt8](unsafeUninitializedCapacity: 20) { result, count in
      precondition(
        HMAC(EVP_sha1(), key, Int32(key.count), message, message.count, result.baseAddress, nil) != nil,
        "libcrypto could not compute an HMAC: out of memory")
      count = 20
    }
  }
}
