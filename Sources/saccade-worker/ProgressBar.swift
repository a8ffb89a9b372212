import Foundation
import Glibc

/// How far a long run is, on standard error while that is a terminal: the share done, the rate, and the time left.
struct ProgressBar {
  private let count: Int
  private let isShown = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private var drawnAt: ContinuousClock.Instant?

  /// What ends sooner needs none.
  private static let delay: Duration = .seconds(1)
  private static let period: Duration = .milliseconds(200)
  private static let width = 30

  /// - Parameter count: of all that is to be done.
  init(of count: Int) { self.count = count }

  /// Draws it, if it is time to.
  mutating func update(done: Int) {
    let now = ContinuousClock.now
    guard isShown, now - start >= Self.delay, drawnAt.map({ now - $0 >= Self.period }) ?? true else { return }
    drawnAt = now
    write("\r" + Self.line(done: done, of: count, after: now - start) + "\u{1B}[K")
  }

  /// Makes room for a line.
  mutating func clear() {
    guard drawnAt != nil else { return }
    drawnAt = nil
    write("\r\u{1B}[K")
  }

  static func line(done: Int, of count: Int, after duration: Duration) -> String {
    let filled = count == 0 ? width : width * done / count
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    let rate = Double(done) / max(duration / .seconds(1), 1e-3)
    var line = "[\(bar)] \(done)/\(count)  \(rate.rounded(toPlaces: 1))/s"
    if done > 0, done < count {
      let seconds = Int((Double(count - done) / rate).rounded(.up))
      line += "  \(seconds / 3600):\(String(format: "%02d:%02d", seconds / 60 % 60, seconds % 60)) left"
    }
    return line
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

extension Double {
  func rounded(toPlaces places: Int) -> String { String(format: "%.\(places)f", self) }
}
