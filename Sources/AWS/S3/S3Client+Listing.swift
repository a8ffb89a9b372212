import Figures
import FoundationEssentials

extension S3Client {
  /// The most keys in a page, and in one deletion of many.
  package static let pageKeyCountMax = 1000

  /// One page of a bucket's keys (ListObjectsV2).
  ///
  /// - Parameters:
  ///   - continuationToken: from the page before; nil for the first.
  ///   - startAfter: the first page begins after this key.
  ///   - keyCountMax: 1 to 1000.
  package func listObjects(
    bucket: String, prefix: String = "", delimiter: String? = nil, startAfter: String? = nil,
    continuationToken: String? = nil, keyCountMax: Int = S3Client.pageKeyCountMax
  ) async throws(AWSError) -> ObjectPage {
    guard (1...Self.pageKeyCountMax).contains(keyCountMax) else { throw .invalidArgument("a page has 1 to 1000 keys") }
    var call = try call("ListObjectsV2", "GET", bucket: bucket)
    // Keys may hold characters that XML 1.0 cannot.
    call.query = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", String(keyCountMax))]
    if !prefix.isEmpty { call.query.append(("prefix", prefix)) }
    if let delimiter { call.query.append(("delimiter", delimiter)) }
    if let startAfter { call.query.append(("start-after", startAfter)) }
    if let continuationToken { call.query.append(("continuation-token", continuationToken)) }
    let response = try await caller.send(call)
    let root = try document(response, of: call.operation)
    guard root.name == "ListBucketResult" else {
      throw .malformedResponse(operation: call.operation, "<\(root.name)>")
    }
    let isEncoded = root["EncodingType"]?.text == "url"
    let plain = { (text: String?) in
      let text = text ?? ""
      return isEncoded ? URIEncoding.decode(text, plusIsSpace: true) ?? text : text
    }
    return ObjectPage(
      objects: root.all("Contents").map { entry in
        ObjectPage.Entry(
          key: plain(entry["Key"]?.text), byteCount: (entry["Size"]?.text).flatMap { Int($0) } ?? 0,
          entityTag: ObjectInfo.unquoted(entry["ETag"]?.text ?? ""),
          lastModified: (entry["LastModified"]?.text).flatMap(Self.timestamp))
      },
      commonPrefixes: root.all("CommonPrefixes").map { plain($0["Prefix"]?.text) },
      continuationToken: root["IsTruncated"]?.text == "true" ? root["NextContinuationToken"]?.text : nil)
  }

  /// A key that DeleteObjects could not delete, and why.
  package struct DeletionFailure: Sendable, Hashable {
    package var key: String
    package var code: String
    package var message: String
  }

  /// Deletes up to a thousand objects in one call. Keys without an object count as deleted.
  ///
  /// - Returns: the keys that are still there.
  package func deleteObjects(bucket: String, keys: [String]) async throws(AWSError) -> [DeletionFailure] {
    guard (1...Self.pageKeyCountMax).contains(keys.count) else { throw .invalidArgument("1 to 1000 keys at once") }
    var call = try call("DeleteObjects", "POST", bucket: bucket)
    call.query = [("delete", "")]
    let objects = keys.map { "<Object><Key>\($0.xmlEscaped)</Key></Object>" }.joined()
    setDocument("<Delete xmlns=\"\(Self.namespace)\"><Quiet>true</Quiet>\(objects)</Delete>", of: &call)
    // Required of this operation, in the one form that every store knows.
    if case .bytes(let bytes) = call.body {
      call.headers.append((name: "Content-MD5", value: Base64.encode(MessageDigest.md5.hash(bytes))))
    }
    let root = try document(try await caller.send(call), of: call.operation)
    return root.all("Error").map {
      DeletionFailure(key: $0["Key"]?.text ?? "", code: $0["Code"]?.text ?? "", message: $0["Message"]?.text ?? "")
    }
  }

  /// `2009-10-12T17:50:30.000Z`
  private static func timestamp(_ text: String) -> Date? {
    (try? Date(text, strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true)))
      ?? (try? Date(text, strategy: .iso8601))
  }
}
