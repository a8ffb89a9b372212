import HTTP

/// The operations of the S3 API that this store has, told apart by method, target and query.
enum S3Operation: Sendable, Hashable {
  case listBuckets
  case createBucket, headBucket, deleteBucket, getBucketLocation, getBucketVersioning
  case listObjects, listObjectsV2, listMultipartUploads, deleteObjects
  case putObject, copyObject, getObject, headObject, deleteObject
  case createMultipartUpload
  case uploadPart(upload: String, number: Int)
  case uploadPartCopy(upload: String, number: Int)
  case listParts(upload: String)
  case abortMultipartUpload(upload: String)
  case completeMultipartUpload(upload: String)

  /// Subresources of S3 that this store does not have. Without this list `?acl` would read or overwrite the object itself.
  private static let unsupported: Set = [
    "abac", "accelerate", "acl", "analytics", "attributes", "cors", "encryption", "intelligent-tiering", "inventory",
    "legal-hold", "lifecycle", "logging", "metadataConfiguration", "metadataTable", "metrics", "notification",
    "object-lock", "ownershipControls", "policy", "policyStatus", "publicAccessBlock", "renameObject", "replication",
    "requestPayment", "restore", "retention", "select", "session", "tagging", "torrent", "versionId", "versions",
    "website",
  ]

  init(_ head: HTTPRequestHead, _ target: S3Target, _ query: HTTP.QueryParameters) throws(S3Error) {
    for parameter in query.parameters where S3Operation.unsupported.contains(parameter.name) {
      throw S3Error(.notImplemented, details: [("Header", parameter.name)])
    }
    if target.key != nil {
      self = try S3Operation.onObject(head, query)
    } else if target.bucket != nil {
      self = try S3Operation.onBucket(head.method, query)
    } else if head.method == .get {
      self = .listBuckets
    } else {
      throw S3Operation.methodNotAllowed("GET")
    }
  }

  private static func onBucket(
    _ method: HTTPMethod, _ query: HTTP.QueryParameters
  ) throws(S3Error) -> S3Operation {
    switch method {
    case .get:
      if query.contains("location") { return .getBucketLocation }
      if query.contains("versioning") { return .getBucketVersioning }
      if query.contains("uploads") { return .listMultipartUploads }
      switch query["list-type"] {
      case nil: return .listObjects
      case "2": return .listObjectsV2
      default: throw S3Error(.invalidArgument, "Invalid List Type", details: [("ArgumentName", "list-type")])
      }
    case .head: return .headBucket
    case .put:
      if query.contains("versioning") { throw S3Error(.notImplemented, details: [("Header", "versioning")]) }
      return .createBucket
    case .delete: return .deleteBucket
    case .post:
      if query.contains("delete") { return .deleteObjects }
      // Uploads from HTML forms.
      throw S3Error(.notImplemented)
    default: throw methodNotAllowed("GET, HEAD, PUT, POST, DELETE")
    }
  }

  private static func onObject(
    _ head: HTTPRequestHead, _ query: HTTP.QueryParameters
  ) throws(S3Error) -> S3Operation {
    let upload = query["uploadId"]
    let isCopy = head.headers.contains("x-amz-copy-source")
    switch head.method {
    case .get: return upload.map { .listParts(upload: $0) } ?? .getObject
    case .head: return .headObject
    case .put:
      guard let upload else {
        if query.contains("partNumber") {
          throw S3Error(.invalidArgument, "This operation needs an uploadId.", details: [("ArgumentName", "uploadId")])
        }
        return isCopy ? .copyObject : .putObject
      }
      guard let number = query["partNumber"].flatMap({ Int($0) }), (1...10_000).contains(number) else {
        throw S3Error(
          .invalidArgument, "Part number must be an integer between 1 and 10000, inclusive",
          details: [("ArgumentName", "partNumber"), ("ArgumentValue", query["partNumber"] ?? "")])
      }
      return isCopy ? .uploadPartCopy(upload: upload, number: number) : .uploadPart(upload: upload, number: number)
    case .delete: return upload.map { .abortMultipartUpload(upload: $0) } ?? .deleteObject
    case .post:
      if query.contains("uploads") { return .createMultipartUpload }
      if let upload { return .completeMultipartUpload(upload: upload) }
      throw methodNotAllowed("GET, HEAD, PUT, DELETE")
    default: throw methodNotAllowed("GET, HEAD, PUT, POST, DELETE")
    }
  }

  private static func methodNotAllowed(_ allowed: String) -> S3Error {
    S3Error(.methodNotAllowed, headers: ["Allow": allowed])
  }
}

extension S3Operation {
  /// As the S3 API Reference calls it.
  var name: String {
    switch self {
    case .listBuckets: "ListBuckets"
    case .createBucket: "CreateBucket"
    case .headBucket: "HeadBucket"
    case .deleteBucket: "DeleteBucket"
    case .getBucketLocation: "GetBucketLocation"
    case .getBucketVersioning: "GetBucketVersioning"
    case .listObjects: "ListObjects"
    case .listObjectsV2: "ListObjectsV2"
    case .listMultipartUploads: "ListMultipartUploads"
    case .deleteObjects: "DeleteObjects"
    case .putObject: "PutObject"
    case .copyObject: "CopyObject"
    case .getObject: "GetObject"
    case .headObject: "HeadObject"
    case .deleteObject: "DeleteObject"
    case .createMultipartUpload: "CreateMultipartUpload"
    case .uploadPart: "UploadPart"
    case .uploadPartCopy: "UploadPartCopy"
    case .listParts: "ListParts"
    case .abortMultipartUpload: "AbortMultipartUpload"
    case .completeMultipartUpload: "CompleteMultipartUpload"
    }
  }
}
