import AWS
import EventLoop

/// A file that is in the bucket already: it is read to its end, and compared with what is there.
///
/// It keeps a length and a checksum, and no bytes; so it also goes along with an upload that may turn out to be one.
@LoopActor
final class ImageComparison: UploadStrategy {
  private let storage: ImageStorage
  private let target: UploadTarget
  private var byteCount = 0
  private var checksum = CRC32C()
  private var task: Task<Void, Never>?
  private var isOver = false
  var onEnd: (@LoopActor (Result<Void, UploadError>) -> Void)?
  var onProgress: (@LoopActor () -> Void)?

  init(storage: ImageStorage, target: UploadTarget) {
    self.storage = storage
    self.target = target
  }

  /// Nothing is kept that S3 would have to take.
  var isBehind: Bool { false }

  func receive(_ bytes: Span<UInt8>) {
    byteCount += bytes.count
    checksum.update(bytes)
  }

  func end() {
    task = EventLoop.shared.spawn { [self] in
      let result: Result<Void, UploadError>
      do throws(UploadError) {
        result = .success(try await storage.compare(target, byteCount: byteCount, checksum: checksum))
      } catch {
        result = .failure(error)
      }
      if !isOver { onEnd?(result) }
    }
  }

  func abandon() {
    isOver = true
    task?.cancel()
  }
}
