import EventLoop

/// A way of one file into the bucket. It is told what comes from the client, and says once how it ended.
@LoopActor
protocol UploadStrategy: AnyObject {
  /// Called once, when the file is stored or cannot be; not after `abandon()`.
  var onEnd: (@LoopActor (Result<Void, UploadError>) -> Void)? { get set }
  /// Called whenever `isBehind` may have changed.
  var onProgress: (@LoopActor () -> Void)? { get set }
  /// Whether S3 is so far behind that the client must wait.
  var isBehind: Bool { get }

  /// Takes the file's next bytes.
  func receive(_ bytes: Span<UInt8>) throws(UploadError)
  /// The file is complete.
  func end()
  /// Ends what runs, takes back what S3 has, and gives the memory back.
  func abandon()
}
