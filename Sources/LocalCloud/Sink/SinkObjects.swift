import AWS
import EventLoop
import HTTP

/// S3 as far as a front needs it: takes every object, keeps none.
@LoopActor
final class SinkObjects {
  /// Of the empty object; clients that look at it want a digest's form, not its truth.
  private static let entityTag = #""d41d8cd98f00b204e9800998ecf8427e""#
  /// As S3's ids are: sixteen digits. All alike, since nobody looks one up here.
  private static let requestID = "0000000000000000"
  private static let checksumFields = ["x-amz-checksum-crc32c", "x-amz-checksum-crc32"]

  private let faults: SinkFaults

  init(faults: SinkFaults) { self.faults = faults }

  func respond(to request: HTTPRequest, _ response: consuming ResponseWriter) async {
    do throws(S3Error) {
      guard let query = HTTP.QueryParameters(parsing: request.head.query, plusIsSpace: true) else {
        throw S3Error(.invalidURI)
      }
      let target = try S3Target(path: request.head.path, keyByteCountMax: .max)
      let operation = try S3Operation(request.head, target, query)
      let fault = isPut(operation) ? faults.next() : nil
      if fault == .reset {
        // A response that is dropped when it has begun is one that the server resets.
        _ = response.begin(.ok, contentLength: 1)
        return
      }
      do throws(RequestBodyError) { try await request.body.stream(to: Drain()) } catch { throw S3Error(error) }
      if fault == .failure { throw S3Error(.slowDown) }
      response.send(try answer(operation, target, request.head))
    } catch {
      response.send(error.response(resource: request.head.path, requestID: SinkObjects.requestID))
    }
  }

  private func isPut(_ operation: S3Operation) -> Bool {
    switch operation {
    case .putObject, .uploadPart: true
    default: false
    }
  }

  private func answer(
    _ operation: S3Operation, _ target: S3Target, _ head: HTTPRequestHead
  ) throws(S3Error) -> HTTPResponse {
    switch operation {
    case .putObject, .uploadPart:
      var headers: HTTPHeaders = ["x-amz-request-id": SinkObjects.requestID, "ETag": SinkObjects.entityTag]
      for name in SinkObjects.checksumFields { if let value = head.headers[name] { headers.add(name, value) } }
      return HTTPResponse(status: .ok, headers: headers)
    case .createBucket, .headBucket: return HTTPResponse(status: .ok)
    case .deleteBucket, .deleteObject, .abortMultipartUpload: return HTTPResponse(status: .noContent)
    case .createMultipartUpload:
      return document("InitiateMultipartUploadResult", target) { $0.element("UploadId", "sink") }
    case .completeMultipartUpload:
      return document("CompleteMultipartUploadResult", target) { $0.element("ETag", SinkObjects.entityTag) }
    case .listObjectsV2, .listObjects:
      return document("ListBucketResult", target) {
        $0.element("KeyCount", 0)
        $0.element("IsTruncated", false)
      }
    case .listMultipartUploads:
      return document("ListMultipartUploadsResult", target) { $0.element("IsTruncated", false) }
    case .getObject, .headObject: throw S3Error(.noSuchKey)
    default: throw S3Error(.notImplemented)
    }
  }

  private func document(
    _ root: String, _ target: S3Target, _ content: (inout XMLWriter) -> Void
  ) -> HTTPResponse {
    var xml = XMLWriter()
    xml.element(root, namespace: XMLWriter.namespace) { xml in
      xml.element("Bucket", target.bucket ?? "")
      xml.element("Key", target.key ?? "")
      content(&xml)
    }
    return HTTPResponse(status: .ok, headers: ["Content-Type": "application/xml"], body: xml.bytes)
  }
}

/// Takes a body and forgets it.
@LoopActor private final class Drain: RequestBodySink {
  func receive(_ bytes: Span<UInt8>) {}
}
