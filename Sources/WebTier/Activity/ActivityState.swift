import FoundationEssentials

/// What an event stream tells: the data of `event: state`. What is not known is null.
struct ActivityState: Encodable {
  struct Workers: Encodable {
    /// Known where `saccade up` supervises them.
    var ready: Int?
    var busy: Int?
    /// Whose answers have come to this process within the last minutes.
    var seen: Int
  }

  /// Images a second, of this process.
  struct Rates: Encodable {
    var answered: Double
    var failed: Double
    var refused: Double
  }

  var at: Date
  var queue: QueueWatch.Depth?
  var workers: Workers
  var rates: Rates?
  /// Images whose answer is waited for.
  var pending: Int
  /// Files on their way to S3, and requests let in to bring one.
  var uploads: Int

  /// JSON in one line.
  var json: [UInt8] { AdminJSON.encode(self) }
}
