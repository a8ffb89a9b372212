import ArgumentParser
import Foundation
import Glibc
import Recognition
import Sandbox

/// What the other commands start for themselves. By hand it serves to see what a system forbids.
struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode", abstract: "Decodes for the saccade-worker that starts it.",
    discussion: """
      Example:
        saccade-worker decode --self-check
      """,
    shouldDisplay: false)

  @Flag(help: "Try what a decoder must not do, tell what came of each attempt, and exit with 1 if one succeeded.")
  var selfCheck = false

  @Option(help: .hidden)
  var probe: String?

  func run() throws {
    if let probe { try attempt(probe) }
    if selfCheck { return try check() }
    DecoderService.run()
  }

  /// Confined like a decoder, does what a decoder must not.
  private func attempt(_ name: String) throws {
    guard let probe = Probe(rawValue: name) else { throw ValidationError("there is no probe \(name)") }
    DecoderService.warmUp()
    guard (try? Confinement(memoryByteCountMax: ImageLimits().decoderByteCountMax).apply()) != nil else {
      _exit(Self.unconfinedStatus)
    }
    _exit(probe.attempt())
  }

  /// No error's number.
  private static let unconfinedStatus: Int32 = 200

  private func check() throws {
    var isHeld = true
    for probe in Probe.allCases {
      let process = Process()
      process.executableURL = URL(filePath: "/proc/self/exe")
      process.arguments = ["decode", "--probe", probe.rawValue]
      try process.run()
      process.waitUntilExit()
      let outcome: String
      switch (process.terminationReason, process.terminationStatus) {
      case (.uncaughtSignal, SIGSYS): outcome = "killed"
      case (.uncaughtSignal, let signal): (outcome, isHeld) = ("ended by signal \(signal)", false)
      case (_, 0): (outcome, isHeld) = ("POSSIBLE", false)
      case (_, Self.unconfinedStatus): (outcome, isHeld) = ("not confined", false)
      case (_, let number): outcome = "denied: \(String(cString: strerror(number)))"
      }
      print("\(probe.rawValue): \(outcome)")
    }
    if !isHeld { throw ExitCode(1) }
  }
}
