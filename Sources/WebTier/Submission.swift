import EventLoop
import HTTP
import Jobs

/// The files of one request while they arrive.
///
/// Owned by one request's task. Whoever gives up calls `abandon()`; whoever succeeds has awaited every
/// upload.
@LoopActor
final class Submission {
  private let storage: ImageStorage
  private let body: RequestBody
  private let makeID: @LoopActor () -> JobID
  private(set) var uploads: [ImageUpload] = []
  /// Of all files, so far.
  private(set) var fileByteCount = 0
  private(set) var failure: SubmissionError?
  /// Files that are acceptable in principle: one for a raw body.
  private let fileCountMax: Int
  private var isQueued = false
  /// Whether a place is kept for the first file.
  private var hasReservation = false
  /// Which model the client asks for; nil for the workers' default.
  private(set) var model: ModelName?
  /// Set before the body is received, for a request with an idempotency key.
  var repeatable: RepeatableImages?

  init(storage: ImageStorage, body: RequestBody, fileCountMax: Int, makeID: @escaping @LoopActor () -> JobID) {
    self.storage = storage
    self.body = body
    self.fileCountMax = fileCountMax
    self.makeID = makeID
  }

  /// Takes a place for the first file, so that a request for which there is none is refused at its head, before its body
  /// is asked for or read.
  func reserve() throws(SubmissionError) {
    guard storage.hasRoom else { throw .upload(.busy, fileName: "") }
    guard storage.hasMemory else { throw .outOfMemory }
    storage.reserve()
    hasReservation = true
  }

  private func giveReservationBack() {
    guard hasReservation else { return }
    hasReservation = false
    storage.unreserve()
  }

  /// The client has gone: what is not in the bucket yet never will be.
  func cancel() {
    for upload in uploads where !upload.isStored { upload.abandon() }
  }

  /// The queue has the jobs: from now on the images are theirs.
  func wasQueued() { isQueued = true }

  /// Takes everything back that has come so far. A job whose message was accepted although its answer was lost finds no
  /// image, and nobody waits for it.
  func abandon() {
    giveReservationBack()
    guard !isQueued else { return }
    for upload in uploads { upload.abandon() }
  }

  /// Whether all of it was in the bucket already, under an idempotency key.
  var isRepeated: Bool { repeatable != nil && uploads.allSatisfy(\.isRepeated) }

  /// The request's query names a model, perhaps.
  func readModel(ofQuery query: String) throws(SubmissionError) {
    guard let parameters = QueryParameters(parsing: query) else { throw .malformedQuery }
    for text in parameters.all("model") { try ask(forModel: text) }
  }

  /// The request's path names the model.
  func ask(for name: ModelName) { model = name }

  private func ask(forModel text: String) throws(SubmissionError) {
    guard let name = ModelName(text) else { throw .malformedModel }
    guard model == nil || model == name else { throw .contradictoryModels }
    model = name
  }

  // MARK: For sinks

  /// A form's field says which model is asked for.
  func ask(forModel bytes: [UInt8]) throws(SubmissionError) {
    guard uploads.isEmpty else { throw .modelAfterFile }
    let hadModel = model != nil
    // What is no UTF-8 is no name either once it has been repaired.
    try ask(forModel: String(decoding: bytes, as: UTF8.self))
    // The ids of the images follow from the model, and were looked up before the form was read.
    if repeatable != nil, !hadModel { throw .modelOfIdempotentForm }
  }

  func beginFile(name: String, predictedByteCount: Int?) throws(SubmissionError) {
    guard uploads.count < fileCountMax else { throw .tooManyFiles(countMax: fileCountMax) }
    giveReservationBack()
    guard storage.hasRoom else { throw .upload(.busy, fileName: name) }
    let (key, claim) =
      try repeatable?.place(uploads.count, name: name) ?? (ObjectKey(id: makeID(), fileName: name), .own)
    let upload = ImageUpload(
      key: key, claim: claim, name: name, storage: storage, predictedByteCount: predictedByteCount)
    upload.onBackPressure = { [body] isBehind in isBehind ? body.pause() : body.resume() }
    uploads.append(upload)
  }

  func receiveFile(_ bytes: Span<UInt8>) throws(SubmissionError) {
    guard let upload = uploads.last else { return }
    fileByteCount += bytes.count
    do throws(UploadError) { try upload.receive(bytes) } catch { throw .upload(error, fileName: upload.name) }
  }

  func endFile() throws(SubmissionError) {
    guard let upload = uploads.last else { return }
    if upload.name.isEmpty, upload.isEmpty {
      // A browser's form in which no file was chosen (RFC 7578 4.2).
      uploads.removeLast().abandon()
      return
    }
    do throws(UploadError) { try upload.end() } catch { throw .upload(error, fileName: upload.name) }
  }

  /// Remembers why the body is refused, and refuses it.
  func refuse(_ error: SubmissionError) -> RequestBodyError {
    failure = error
    return .rejected
  }
}
