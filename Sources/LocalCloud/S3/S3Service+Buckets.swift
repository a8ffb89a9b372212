import HTTP

extension S3Service {
  /// One account owns everything; S3 shows its canonical id in listings.
  nonisolated static let ownerID = "000000000000000000000000000000000000000000000000000000000000000"
  nonisolated static let ownerName = "saccade"
  /// What any region that a client signs for comes to.
  static let region = "us-east-1"

  func listBuckets(_ request: S3Request) -> S3Answer {
    let prefix = request.query["prefix"] ?? ""
    return .xml("ListAllMyBucketsResult") { xml in
      xml.element("Owner") { xml in
        xml.element("ID", S3Service.ownerID)
        xml.element("DisplayName", S3Service.ownerName)
      }
      xml.element("Buckets") { xml in
        for (name, createdAt) in buckets.sorted(by: { $0.key < $1.key }) where name.hasPrefix(prefix) {
          xml.element("Bucket") { xml in
            xml.element("Name", name)
            xml.element("CreationDate", createdAt.iso8601)
          }
        }
      }
    }
  }

  /// Any location constraint is accepted: every region is this machine.
  func createBucket(_ request: S3Request) async throws -> S3Answer {
    let name = request.bucket
    guard S3Target.isValidBucketName(name) else {
      throw S3Error(.invalidBucketName, details: [("BucketName", name)])
    }
    try refuseUnsupportedHeaders(request.headers)
    let body = try await collect(request)
    if !body.isEmpty { _ = try XMLNode(parsing: body, root: "CreateBucketConfiguration") }
    guard buckets[name] == nil else { throw S3Error(.bucketAlreadyOwnedByYou, details: [("BucketName", name)]) }
    guard buckets.count < limits.bucketCountMax else { throw S3Error(.tooManyBuckets) }
    let createdAt = timestamp()
    try await database.write { try BucketTable.create($0, name, at: createdAt) }
    buckets[name] = createdAt
    return .empty(headers: ["Location": "/\(name)"])
  }

  func headBucket(_ request: S3Request) throws -> S3Answer {
    guard buckets[request.bucket] != nil else { throw S3Error(.notFound) }
    return .empty(headers: ["x-amz-bucket-region": S3Service.region])
  }

  func deleteBucket(_ request: S3Request) async throws -> S3Answer {
    let name = request.bucket
    try requireBucket(name)
    let abandoned = try await database.write { try BucketTable.delete($0, name) }
    buckets[name] = nil
    files.discard(abandoned)
    return .empty(.noContent)
  }

  func getBucketLocation(_ request: S3Request) throws -> S3Answer {
    try requireBucket(request.bucket)
    // us-east-1 is written as nothing.
    return .xml("LocationConstraint") { _ in }
  }

  /// Never enabled, which S3 says with an empty answer.
  func getBucketVersioning(_ request: S3Request) throws -> S3Answer {
    try requireBucket(request.bucket)
    return .xml("VersioningConfiguration") { _ in }
  }
}
