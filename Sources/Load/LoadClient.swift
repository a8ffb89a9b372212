import EventLoop

/// A connection, and the image that it is busy with.
@LoopActor
final class LoadClient {
  let connection: LoadConnection
  /// Place in the images.
  var image = 0
  var due = ContinuousClock.now
  var begun = ContinuousClock.now
  /// A pause before it asks again, or connects again.
  var pause: LoopTimer?

  init(_ connection: LoadConnection) { self.connection = connection }

  func close() {
    pause?.close()
    pause = nil
    connection.close()
  }

  func wait(_ duration: Duration, then action: @escaping @LoopActor () -> Void) {
    let timer = LoopTimer { [self] in
      pause?.close()
      pause = nil
      action()
    }
    pause = timer
    timer.start(after: duration)
  }
}
