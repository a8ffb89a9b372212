import AWS
import Foundation

/// The keys and the time of the examples in the S3 API Reference, "Authenticating Requests".
enum S3Examples {
  static let credentials = Credentials(
    accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
  /// Fri, 24 May 2013 00:00:00 GMT
  static let date = Date(timeIntervalSince1970: 1_369_353_600)
  static let host = "examplebucket.s3.amazonaws.com"

  static func request(
    _ method: String, _ path: String, query: String = "", headers: [(name: String, value: String)] = [],
    payloadHash: PayloadHash = .empty
  ) -> SigV4.Request {
    SigV4.Request(
      method: method, path: path, query: query, headers: [("Host", host)] + headers, payloadHash: payloadHash)
  }
}
