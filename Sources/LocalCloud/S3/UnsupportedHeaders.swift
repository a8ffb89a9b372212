import HTTP

/// What a write may ask for that this store does not do: refused, where ignoring it would be a lie.
func refuseUnsupportedHeaders(_ headers: HTTPHeaders) throws(S3Error) {
  for (name, value) in headers {
    let name = name.lowercased()
    guard name.hasPrefix("x-amz-") else { continue }
    switch name {
    case "x-amz-storage-class":
      guard value == "STANDARD" else {
        throw S3Error(.invalidStorageClass, details: [("StorageClassRequested", value)])
      }
    case "x-amz-acl":
      // Buckets have had no ACLs by default since 2023; these two say what is so anyway.
      guard value == "private" || value == "bucket-owner-full-control" else {
        throw S3Error(.accessControlListNotSupported)
      }
    case "x-amz-tagging", "x-amz-website-redirect-location", "x-amz-write-offset-bytes",
      "x-amz-bucket-object-lock-enabled":
      // Empty, or false, they ask for nothing.
      if !value.isEmpty, value.lowercased() != "false" { throw S3Error(.notImplemented, details: [("Header", name)]) }
    default:
      for prefix in ["x-amz-grant-", "x-amz-object-lock-", "x-amz-server-side-encryption"] where name.hasPrefix(prefix)
      {
        throw S3Error(.notImplemented, details: [("Header", name)])
      }
    }
  }
}
