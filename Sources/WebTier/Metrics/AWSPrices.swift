import AWS

/// What AWS charges for a call, in US dollars: the list prices of S3 Standard and SQS standard queues in us-east-1, as
/// https://aws.amazon.com/s3/pricing/ and https://aws.amazon.com/sqs/pricing/ have them in November 2026, without the
/// monthly free tier and the discounts of large volumes. Bytes stored and sent are not calls and not counted.
enum AWSPrices {
  /// PUT, COPY, POST and LIST: 0.005 a thousand.
  private static let s3Write = 0.005 / 1000
  /// GET, HEAD and all others: 0.0004 a thousand.
  private static let s3Read = 0.0004 / 1000
  /// 0.40 a million. A batch is one request for each 64 KiB begun, and ten jobs or answers are less.
  private static let sqsRequest = 0.40 / 1_000_000

  private static let s3Operations: [String: Double] = [
    "PutObject": s3Write, "CopyObject": s3Write, "ListObjectsV2": s3Write, "CreateBucket": s3Write,
    "CreateMultipartUpload": s3Write, "UploadPart": s3Write, "CompleteMultipartUpload": s3Write,
    "DeleteObject": 0, "DeleteObjects": 0, "DeleteBucket": 0, "AbortMultipartUpload": 0,
  ]

  static func dollars(service: String, operation: String) -> Double {
    switch service {
    case "s3": s3Operations[operation] ?? s3Read
    case "sqs": sqsRequest
    default: 0
    }
  }

  /// Whether an attempt is charged: not when the service says that it is at fault or overloaded (5xx), nor, as a rule, when
  /// it was given up before it had been sent. One whose answer was lost may have been served.
  static func isCharged(_ outcome: AWSCallCounters.Outcome) -> Bool {
    switch outcome {
    case .succeeded, .refused, .unanswered: true
    case .throttled, .failed, .cancelled: false
    }
  }
}
