import EventLoop
import Foundation
import Glibc
import Load

/// Runs a plan and shows how far it is: two lines that stay in place where standard error is a terminal, elsewhere one every
/// few seconds.
@LoopActor
final class LoadScreen {
  private static let interval: Duration = .milliseconds(200)
  private static let lineInterval: Duration = .seconds(5)
  // ECMA-48: cursor up, erase in line and in display.
  private static let up = "\u{1B}[2A\r"
  private static let eraseLine = "\u{1B}[K"
  private static let eraseBelow = "\u{1B}[J"

  private let output: LoadOutputOptions
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var isDrawn = false
  private var timer: LoopTimer?

  init(_ output: LoadOutputOptions) { self.output = output }

  func show(_ plan: LoadPlan, images: LoadImages, head: LoadImages.Head) async throws -> LoadReport {
    let run = LoadRun(plan, images: images, head: head, observer: output.printsAnswers ? tell : nil)
    let signal = EventLoop.shared.start {
      _ = try await nextSignal(of: [SIGINT, SIGTERM])
      run.stop()
    }
    defer { signal.cancel() }
    let timer = LoopTimer { [unowned self] in draw(run.report) }
    self.timer = timer
    let interval = isTerminal ? LoadScreen.interval : LoadScreen.lineInterval
    timer.start(after: interval, repeating: interval)
    let report = await run.run()
    timer.close()
    if isDrawn, isTerminal { write(LoadScreen.up + LoadScreen.eraseBelow) }
    return report
  }

  private func draw(_ report: LoadReport) {
    // With --print the answers themselves show how far it is.
    guard !output.printsAnswers else { return }
    let lines = report.progress()
    if isTerminal {
      write((isDrawn ? LoadScreen.up : "") + lines.map { $0 + LoadScreen.eraseLine + "\n" }.joined())
      isDrawn = true
    } else {
      write(lines.joined(separator: "  ") + "\n")
    }
  }

  private func tell(_ name: String, _ answer: Result<LoadAnswer?, LoadRunFailure>) {
    let text =
      switch answer {
      case .success(let answer):
        "\(name) uploaded!\nClassification result: \(answer?.classes.first?.label ?? "")"
      case .failure(let failure): "\(name) failed: \(failure)"
      }
    try? StatusOutput.write(text)
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
