import EventLoop
import Glibc

/// Lines that stay in place on a terminal.
@LoopActor
final class StatusScreen {
  // ECMA-48: cursor position, erase in line and in display; and DEC's private mode of the cursor.
  private static let home = "\u{1B}[H"
  private static let eraseLine = "\u{1B}[K"
  private static let eraseBelow = "\u{1B}[J"
  private static let hideCursor = "\u{1B}[?25l"
  private static let showCursor = "\u{1B}[?25h"

  private var isEmpty = true

  func show(_ lines: [String]) throws(StatusOutput.Closed) {
    // Written over and not erased first, so that nothing flickers.
    let opening = isEmpty ? StatusScreen.hideCursor + StatusScreen.home + StatusScreen.eraseBelow : StatusScreen.home
    isEmpty = false
    let text = fitting(lines).map { $0 + StatusScreen.eraseLine }.joined(separator: "\n")
    try StatusOutput.write(opening + text + StatusScreen.eraseBelow)
  }

  /// A line that wraps, or one too many, would move what is above it. The cursor has the last line to itself.
  private func fitting(_ lines: [String]) -> [String] {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 1, size.ws_col > 0 else { return lines }
    let heightMax = Int(size.ws_row) - 1
    let shown = lines.count > heightMax ? lines.prefix(heightMax - 1) + ["…"] : lines[...]
    return shown.map { String($0.prefix(Int(size.ws_col))) }
  }

  func close() { try? StatusOutput.write(StatusScreen.showCursor) }
}
