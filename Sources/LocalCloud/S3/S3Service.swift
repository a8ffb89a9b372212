import AWS
import EventLoop
import FoundationEssentials
import GRDB
import HTTP
import Logging

/// The S3 API over files and rows. A request comes in verified; its operation's function tells its story.
@LoopActor
final class S3Service {
  let database: CloudDatabase
  let files: FileStore
  let limits: LocalCloudLimits
  let now: @Sendable () -> Date
  private let logger: Logger
  /// All buckets by name, with the time of their creation: this process is the only one that changes them.
  var buckets: [String: Timestamp]

  init(
    database: CloudDatabase, files: FileStore, limits: LocalCloudLimits, logger: Logger,
    now: @escaping @Sendable () -> Date
  ) async throws {
    self.database = database
    self.files = files
    self.limits = limits
    self.logger = logger
    self.now = now
    buckets = try await database.read { try BucketTable.all($0) }
  }

  /// Answers a request, errors included.
  func respond(to request: S3Request, _ operation: S3Operation, _ response: consuming ResponseWriter) async {
    do {
      switch try await perform(operation, request) {
      case .whole(var whole):
        whole.headers["x-amz-request-id"] = request.requestID
        response.send(whole)
      case .object(let status, var headers, let segments, let range):
        headers["x-amz-request-id"] = request.requestID
        await send(segments, range, status: status, headers: headers, request, response)
      }
    } catch {
      response.send(failure(error, request))
    }
  }

  private func perform(_ operation: S3Operation, _ request: S3Request) async throws -> S3Answer {
    switch operation {
    case .listBuckets: listBuckets(request)
    case .createBucket: try await createBucket(request)
    case .headBucket: try headBucket(request)
    case .deleteBucket: try await deleteBucket(request)
    case .getBucketLocation: try getBucketLocation(request)
    case .getBucketVersioning: try getBucketVersioning(request)
    case .listObjects: try await listObjects(request)
    case .listObjectsV2: try await listObjectsV2(request)
    case .deleteObjects: try await deleteObjects(request)
    case .putObject: try await putObject(request)
    case .copyObject: try await copyObject(request)
    case .getObject: try getObject(request)
    case .headObject: try headObject(request)
    case .deleteObject: try await deleteObject(request)
    case .createMultipartUpload: try await createMultipartUpload(request)
    case .uploadPart(let upload, let number): try await uploadPart(request, upload, number)
    case .uploadPartCopy(let upload, let number): try await uploadPartCopy(request, upload, number)
    case .completeMultipartUpload(let upload): try await completeMultipartUpload(request, upload)
    case .abortMultipartUpload(let upload): try await abortMultipartUpload(request, upload)
    case .listParts(let upload): try await listParts(request, upload)
    case .listMultipartUploads: try await listMultipartUploads(request)
    }
  }

  /// Translates once, here: what is not a client's doing is logged, and told as `InternalError` without its reasons.
  func failure(_ error: any Error, _ request: S3Request) -> HTTPResponse {
    let failure: S3Error
    switch error {
    case let error as S3Error: failure = error
    case let error as RequestBodyError: failure = S3Error(error)
    default:
      logger.error(
        "request failed",
        metadata: [
          "request": "\(request.head.method) \(request.head.path)", "request-id": "\(request.requestID)",
          "error": "\(error)",
        ])
      failure = S3Error(.internalError)
    }
    return failure.response(resource: request.head.path, requestID: request.requestID)
  }

  // MARK: What several operations need

  func timestamp() -> Timestamp { Timestamp(now()) }

  func requireBucket(_ name: String) throws(S3Error) {
    guard buckets[name] != nil else { throw S3Error(.noSuchBucket, details: [("BucketName", name)]) }
  }

  /// The object's row, looked up on the loop.
  func object(_ bucket: String, _ key: String) throws -> ObjectRecord {
    try requireBucket(bucket)
    guard let record = try database.readNow({ try ObjectTable.find($0, bucket, key) }) else {
      throw S3Error(.noSuchKey, details: [("Key", key)])
    }
    return record
  }

  /// Commits a row that names stored files. Files that it replaces are removed afterwards, or, when it fails, its own.
  func commit<T: Sendable>(
    _ stored: [Segment], _ write: @escaping @Sendable (Database) throws -> (T, replaced: [FileID])
  ) async throws -> T {
    do {
      let (value, replaced) = try await database.write(write)
      files.discard(replaced)
      return value
    } catch {
      files.discard(stored.map(\.file))
      throw error
    }
  }

  /// Receives a body that is small, and checks it as if it were an object.
  func collect(
    _ request: S3Request, requiresIntegrity: Bool = false, checksumIsOfBody: Bool = true
  ) async throws -> [UInt8] {
    if request.head.contentLength == nil, !request.head.isChunked { return [] }
    let plan = try PayloadPlan(request.head, request.payloadHash, wantsMD5: false, checksumIsOfBody: checksumIsOfBody)
    guard plan.hasIntegrity || !requiresIntegrity else {
      throw S3Error(.invalidRequest, "Missing required header for this request: Content-MD5")
    }
    guard plan.byteCount <= limits.xmlByteCountMax else { throw S3Error(.entityTooLarge) }
    var bytes: [UInt8] = []
    let receiver = PayloadReceiver(plan, signer: request.chunkSigner) { span in
      span.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }
    let announced = try await receiver.receive(request.body)
    let digests = PayloadDigests(plan.expectation)
    digests.update(bytes.span)
    _ = try digests.finish(checking: announced)
    return bytes
  }
}
