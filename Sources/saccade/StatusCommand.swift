import AWS
import ArgumentParser
import Elasticity
import EventLoop
import Foundation
import Glibc

/// `saccade status`: what a running `saccade up` does at this moment.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show queue, workers, rates and latencies of a running 'saccade up'.",
    discussion: """
      Rates are measured over a second, with --watch over up to ten. Latencies are those since the web tier's start, with \
      --watch those of the last ten seconds.

      Exits with 1 when nothing is up in the data folder.

      Examples:
        saccade status --watch
        saccade status --data saccade-data --json
      """)

  @Option(help: ArgumentHelp("Folder that 'saccade up' was given.", valueName: "dir"), completion: .directory)
  var data = "saccade-data"

  @Flag(help: "Show it again and again, until Ctrl-C: in place in a terminal, else a line each time.")
  var watch = false

  @Option(help: ArgumentHelp("With --watch: from one time to the next, 1 to 3600.", valueName: "seconds"))
  var interval = 1

  @Flag(help: "As JSON, an object a line. Rates are images a second, latencies milliseconds.")
  var json = false

  func validate() throws {
    guard (1...3600).contains(interval) else { throw ValidationError("--interval is 1 to 3600 seconds.") }
  }

  func run() throws {
    do {
      try EventLoop.shared.run { [self] in
        let probe = try StatusProbe(folder: data)
        defer { probe.close() }
        if watch { try await follow(probe) } else { try await showOnce(probe) }
      }
    } catch is StatusOutput.Closed {
      // As if SIGPIPE had not been ignored.
      throw ExitCode(128 + SIGPIPE)
    } catch let error as StatusProbe.NotUp {
      FileHandle.standardError.write(Data("saccade status: \(error)\n".utf8))
      throw ExitCode(1)
    }
  }

  @LoopActor private func showOnce(_ probe: StatusProbe) async throws {
    let first = try await probe.sample()
    try await sleep(for: .seconds(1))
    let report = StatusReport([first, try await probe.sample()], latenciesSinceStart: true)
    try StatusOutput.write(json ? report.json : report.lines(now: Date()).joined(separator: "\n"))
  }

  @LoopActor private func follow(_ probe: StatusProbe) async throws {
    let screen = !json && isatty(STDOUT_FILENO) == 1 ? StatusScreen() : nil
    let stop = EventLoop.shared.start { [self] in
      var samples: [StatusReport.Sample] = []
      while true {
        let sample = try await probe.sample()
        samples.removeAll { sample.at - $0.at > max(.seconds(10), .seconds(interval) * 2) }
        samples.append(sample)
        let report = StatusReport(samples, latenciesSinceStart: false)
        if let screen {
          try screen.show(report.lines(now: Date()))
        } else {
          try StatusOutput.write(json ? report.json : report.line(now: Date()))
        }
        try await sleep(for: .seconds(interval))
      }
    }
    let signal = EventLoop.shared.start {
      _ = try await nextSignal(of: [SIGINT, SIGTERM])
      stop.cancel()
    }
    defer {
      signal.cancel()
      screen?.close()
    }
    do { try await stop.value } catch is CancellationError {}
  }
}
