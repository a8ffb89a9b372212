import AppTier
import EventLoop
import Glibc

/// Tells the supervisor how many jobs a worker holds, as lines of standard output.
///
/// That it holds any is told at once, since whoever chooses a worker to be stopped must know. Other changes wait for the
/// next of some regular moments: a worker with little to do gets and loses a job many times a second.
@LoopActor final class LoadReport {
  private static let interval: Duration = .milliseconds(500)

  private let worker: Worker
  /// While something was told, or is to be told.
  private var timer: LoopTimer?
  private var toldCount = 0

  init(of worker: Worker) {
    self.worker = worker
    worker.observeBusy { [unowned self] isBusy in
      if isBusy, timer == nil { begin() }
    }
  }

  func close() {
    timer?.close()
    timer = nil
  }

  private func begin() {
    tell()
    let timer = LoopTimer { [unowned self] in
      tell()
      if toldCount == 0, worker.heldCount == 0 { close() }
    }
    timer.start(after: LoadReport.interval, repeating: LoadReport.interval)
    self.timer = timer
  }

  private func tell() {
    let count = worker.heldCount
    guard count != toldCount, isTaken else { return }
    print("saccade-worker: holds \(count)")
    fflush(nil)
    toldCount = count
  }

  /// Whether a line can be written without waiting: no job waits for a supervisor that has stopped reading.
  private var isTaken: Bool {
    var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    return poll(&descriptor, 1, 0) > 0 && descriptor.revents & Int16(POLLOUT) != 0
  }
}
