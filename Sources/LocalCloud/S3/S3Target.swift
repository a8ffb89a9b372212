import HTTP

/// What a path-style request is about: nothing, a bucket, or an object. Names are percent-decoded once and not
/// normalised: `a//b/../c` is a key like any other.
struct S3Target: Sendable, Hashable {
  let bucket: String?
  let key: String?

  init(path: String, keyByteCountMax: Int) throws(S3Error) {
    guard path.hasPrefix("/") else { throw S3Error(.invalidURI) }
    let rest = path.dropFirst()
    let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
    guard let bucket = HTTP.PercentEncoding.decodeString(rest[..<slash]),
      let key = HTTP.PercentEncoding.decodeString(rest[slash...].dropFirst())
    else { throw S3Error(.invalidURI) }
    try self.init(bucket: bucket, key: key, keyByteCountMax: keyByteCountMax)
  }

  init(bucket: String, key: String, keyByteCountMax: Int) throws(S3Error) {
    guard key.utf8.count <= keyByteCountMax else {
      throw S3Error(
        .keyTooLong, details: [("Size", String(key.utf8.count)), ("MaxSizeAllowed", String(keyByteCountMax))])
    }
    guard !bucket.isEmpty || key.isEmpty else { throw S3Error(.invalidBucketName, details: [("BucketName", "")]) }
    self.bucket = bucket.isEmpty ? nil : bucket
    self.key = key.isEmpty ? nil : key
  }

  /// "General purpose bucket naming rules" (S3 User Guide).
  static func isValidBucketName(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard (3...63).contains(bytes.count) else { return false }
    let isEdge: (UInt8) -> Bool = {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    guard bytes.allSatisfy({ isEdge($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }),
      let first = bytes.first, let last = bytes.last, isEdge(first), isEdge(last), !name.contains("..")
    else { return false }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    if labels.count == 4, labels.allSatisfy({ UInt8($0) != nil }) { return false }
    return !name.hasPrefix("xn--") && !name.hasPrefix("sthree-") && !name.hasPrefix("amzn-s3-demo-")
      && !name.hasSuffix("-s3alias") && !name.hasSuffix("--ol-s3") && !name.hasSuffix(".mrap")
      && !name.hasSuffix("--x-s3") && !name.hasSuffix("--table-s3")
  }
}
