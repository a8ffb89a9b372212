import Figures

extension S3Client {
  /// Creates a bucket; succeeds when it is there and ours. A bucket of that name that is somebody else's is an error.
  package func createBucket(_ bucket: String) async throws(AWSError) {
    var call = try call("CreateBucket", "PUT", bucket: bucket)
    call.body = .bytes([])
    // us-east-1 is the one region that must not be named.
    if region != "us-east-1" {
      setDocument(
        """
        <CreateBucketConfiguration xmlns="\(Self.namespace)">\
        <LocationConstraint>\(region.xmlEscaped)</LocationConstraint></CreateBucketConfiguration>
        """, of: &call)
    }
    do throws(AWSError) {
      _ = try await caller.send(call)
    } catch {
      guard error.serviceError?.code == "BucketAlreadyOwnedByYou" else { throw error }
    }
  }

  /// Succeeds when the bucket exists and may be used. Cheap: for readiness checks.
  package func headBucket(_ bucket: String) async throws(AWSError) {
    _ = try await caller.send(try call("HeadBucket", "HEAD", bucket: bucket))
  }

  /// Deletes an empty bucket; one that holds objects fails with `BucketNotEmpty`.
  package func deleteBucket(_ bucket: String) async throws(AWSError) {
    _ = try await caller.send(try call("DeleteBucket", "DELETE", bucket: bucket))
  }

  static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
}
