import AWS
import EventLoop
import HTTP

/// Takes a request's body off the connection, its framing off the payload, and checks signatures and lengths on the way.
/// What is left goes on to `deliver`.
@LoopActor
final class PayloadReceiver: RequestBodySink {
  private let plan: PayloadPlan
  private var decoder: AWSChunkedDecoder?
  private var verifier: ChunkVerifier?
  private let deliver: @LoopActor (Span<UInt8>) throws(RequestBodyError) -> Void
  private var byteCount = 0
  private var trailerChecksum: Checksum?
  private var failure: S3Error?

  /// - Parameter signer: Continues from the request's signature; needed when chunks are signed.
  init(
    _ plan: PayloadPlan, signer: SigV4.ChunkSigner?,
    deliver: @escaping @LoopActor (Span<UInt8>) throws(RequestBodyError) -> Void
  ) {
    self.plan = plan
    self.deliver = deliver
    if let chunked = plan.chunked {
      decoder = AWSChunkedDecoder(isSigned: chunked.isSigned, hasTrailer: chunked.hasTrailer)
      if chunked.isSigned, let signer { verifier = ChunkVerifier(signer) }
    }
  }

  /// Receives the whole body.
  /// - Returns: What the payload must turn out to be, the trailer's word included.
  func receive(_ body: RequestBody) async throws(S3Error) -> PayloadAnnouncement {
    do {
      try await body.stream(to: self)
    } catch {
      throw failure ?? S3Error(error)
    }
    if let decoder, !decoder.isComplete { throw S3Error(.incompleteBody) }
    guard byteCount == plan.byteCount else { throw S3Error(.incompleteBody) }
    try verifier?.finish(hasTrailer: plan.chunked?.hasTrailer ?? false)
    var announced = plan.announced
    if let promised = plan.trailerChecksum {
      guard let trailerChecksum else {
        throw S3Error(.malformedTrailer, "The trailer \(promised.headerName) is missing.")
      }
      announced.checksum = trailerChecksum
    }
    return announced
  }

  func receive(_ bytes: Span<UInt8>) throws(RequestBodyError) {
    guard decoder != nil else { return try pass(bytes) }
    var position = 0
    while true {
      do {
        guard let event = try decoder?.next(in: bytes, at: &position) else { return }
        try take(event, of: bytes)
      } catch let error as AWSChunkedError {
        throw reject(S3Error(error))
      } catch let error as S3Error {
        throw reject(error)
      } catch let error as RequestBodyError {
        throw error
      } catch {
        throw .rejected
      }
    }
  }

  private func take(_ event: AWSChunkedDecoder.Event, of bytes: Span<UInt8>) throws {
    switch event {
    case .chunk(let byteCount, let signature):
      if let signature { try verifier?.begin(byteCount: byteCount, signature: signature) }
    case .data(let range):
      let data = bytes.extracting(range)
      verifier?.update(data)
      try pass(data)
    case .chunkEnd:
      try verifier?.end()
    case .trailer(let name, let value):
      verifier?.add(trailer: name, value)
      guard name == plan.trailerChecksum?.headerName, let algorithm = plan.trailerChecksum else { return }
      guard let checksum = Checksum(algorithm, received: value) else {
        throw S3Error(.invalidRequest, "Value for \(name) trailing header is invalid.")
      }
      trailerChecksum = checksum
    case .end: break
    }
  }

  private func pass(_ bytes: Span<UInt8>) throws(RequestBodyError) {
    byteCount += bytes.count
    // More than was announced never gets as far as the disk.
    guard byteCount <= plan.byteCount else { throw reject(S3Error(.incompleteBody)) }
    try deliver(bytes)
  }

  private func reject(_ error: S3Error) -> RequestBodyError {
    failure = error
    return .rejected
  }
}

extension S3Error {
  init(_ error: AWSChunkedError) {
    switch error {
    case .malformed(let reason): self.init(.invalidRequest, "The aws-chunked body is malformed: \(reason).")
    case .tooLong: self.init(.invalidRequest, "The aws-chunked body is malformed: a line is too long.")
    case .signature(let reason): self.init(.signatureDoesNotMatch, "The aws-chunked body is wrong: \(reason).")
    }
  }
}
