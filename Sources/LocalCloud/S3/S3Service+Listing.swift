import AWS
import GRDB
import HTTP

extension S3Service {
  func listObjects(_ request: S3Request) async throws -> S3Answer {
    var query = try listingQuery(request, countParameter: "max-keys")
    query.after = request.query["marker"] ?? ""
    let encodes = try encodesURLs(request)
    return .xml(
      try await database.read { [query] database in
        let page = try ObjectTable.page(database, query)
        return listing(query, page, encodes: encodes, showsOwner: true) { xml in
          xml.element("Marker", encoded(query.after, encodes))
          // Version 1 says it only with a delimiter; without one the last key is the marker.
          if page.isTruncated, !query.delimiter.isEmpty, let last = page.last {
            xml.element("NextMarker", encoded(last, encodes))
          }
        }
      })
  }

  func listObjectsV2(_ request: S3Request) async throws -> S3Answer {
    var query = try listingQuery(request, countParameter: "max-keys")
    let startAfter = request.query["start-after"]
    let token = request.query["continuation-token"]
    query.after = try token.map { try ContinuationToken.decode($0) } ?? startAfter ?? ""
    let encodes = try encodesURLs(request)
    let showsOwner = request.query["fetch-owner"] == "true"
    return .xml(
      try await database.read { [query] database in
        let page = try ObjectTable.page(database, query)
        return listing(query, page, encodes: encodes, showsOwner: showsOwner) { xml in
          xml.element("KeyCount", page.count)
          if let token { xml.element("ContinuationToken", token) }
          if page.isTruncated, let last = page.last {
            xml.element("NextContinuationToken", ContinuationToken.encode(last))
          }
          if let startAfter { xml.element("StartAfter", encoded(startAfter, encodes)) }
        }
      })
  }

  /// The parameters that all listings share.
  func listingQuery(_ request: S3Request, countParameter: String) throws(S3Error) -> ListingQuery {
    try requireBucket(request.bucket)
    var count = limits.listingCountMax
    if let text = request.query[countParameter], !text.isEmpty {
      guard let number = Int(text), number >= 0, number <= Int(Int32.max) else {
        throw S3Error(
          .invalidArgument, "Provided \(countParameter) not an integer or within integer range",
          details: [("ArgumentName", countParameter), ("ArgumentValue", text)])
      }
      count = min(number, count)
    }
    return ListingQuery(
      bucket: request.bucket, prefix: request.query["prefix"] ?? "", delimiter: request.query["delimiter"] ?? "",
      countMax: count)
  }

  func encodesURLs(_ request: S3Request) throws(S3Error) -> Bool {
    switch request.query["encoding-type"] {
    case nil, "": return false
    case "url": return true
    default:
      throw S3Error(
        .invalidArgument, "Invalid Encoding Method specified in Request", details: [("ArgumentName", "encoding-type")])
    }
  }
}

/// A key as an answer shows it.
func encoded(_ key: String, _ encodesURLs: Bool) -> String { encodesURLs ? URIEncoding.encodePath(key) : key }

private func listing(
  _ query: ListingQuery, _ page: ListingPage, encodes: Bool, showsOwner: Bool, _ position: (inout XMLWriter) -> Void
) -> XMLWriter {
  var xml = XMLWriter()
  xml.element("ListBucketResult", namespace: XMLWriter.namespace) { xml in
    xml.element("Name", query.bucket)
    xml.element("Prefix", encoded(query.prefix, encodes))
    if !query.delimiter.isEmpty { xml.element("Delimiter", encoded(query.delimiter, encodes)) }
    xml.element("MaxKeys", query.countMax)
    if encodes { xml.element("EncodingType", "url") }
    xml.element("IsTruncated", page.isTruncated)
    position(&xml)
    for entry in page.entries {
      xml.element("Contents") { xml in
        xml.element("Key", encoded(entry.key, encodes))
        xml.element("LastModified", entry.modifiedAt.iso8601)
        xml.element("ETag", "\"\(entry.etag)\"")
        if let checksum = entry.checksum {
          xml.element("ChecksumAlgorithm", checksum.algorithm.name)
          xml.element("ChecksumType", checksum.kind.rawValue)
        }
        xml.element("Size", entry.byteCount)
        if showsOwner {
          xml.element("Owner") { xml in
            xml.element("ID", S3Service.ownerID)
            xml.element("DisplayName", S3Service.ownerName)
          }
        }
        xml.element("StorageClass", "STANDARD")
      }
    }
    for prefix in page.commonPrefixes {
      xml.element("CommonPrefixes") { $0.element("Prefix", encoded(prefix, encodes)) }
    }
  }
  return xml
}
