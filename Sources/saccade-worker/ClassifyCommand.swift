import ArgumentParser
import Foundation
import Recognition

struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify", abstract: "Says what is in image files, without queue or bucket.",
    discussion: """
      Works on all cores and tells in the order of the arguments. Folders are walked, links in them too; what does not \
      begin like an image there is passed over, whatever its name. "-" is standard input.

      Exits with 0 when every file was classified, with 1 when one could not be, or there was none, and with 64 when the \
      command line is wrong. Ctrl-C ends it with 130 after the line it is at.

      Examples:
        saccade-worker classify --top 3 coffee.png
        saccade-worker classify --json - < coffee.png
      """)

  @Argument(
    help: ArgumentHelp("Image files, folders of them, or - for standard input.", valueName: "file"),
    completion: .file())
  var files: [String]

  @Option(
    help: ArgumentHelp(
      """
      Tell the n likeliest labels, 1 to 1000, with how likely each is in percent. (default: the likeliest alone; 5 with \
      --json)
      """,
      valueName: "n"))
  var top: Int?

  @Flag(help: "A JSON object a line instead of \"file: label\".")
  var json = false

  @OptionGroup var modelOptions: ModelOptions

  private static let topRange = 1...1000

  func validate() throws {
    try modelOptions.requireSingle()
    if let top, !Self.topRange.contains(top) { throw ValidationError("--top is 1 to \(Self.topRange.upperBound)") }
    guard files.count(where: { $0 == "-" }) <= 1 else { throw ValidationError("standard input can be read once") }
  }

  func run() throws {
    let run = try FileRun(files, modelOptions, topCount: top ?? 5)
    let model = run.classifier.model
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var failureCount = 0
    let count = run.classify { outcome in
      if case .failure = outcome.result { failureCount += 1 }
      if json {
        // No member of it can fail to be written: confidences are finite.
        if let line = try? encoder.encode(FileReport(outcome, model)) { print(String(decoding: line, as: UTF8.self)) }
        return
      }
      switch outcome.result {
      case .success(let best):
        let labels = top == nil ? best.first?.label ?? "" : best.map(Self.text).joined(separator: ", ")
        print("\(outcome.path): \(labels)")
      case .failure(let error): complain("\(outcome.path): \(error.message)")
      }
    }
    if count == 0 { complain("There are no images in \(files.joined(separator: ", ")).") }
    if failureCount > 0 || count == 0 { throw ExitCode(1) }
  }

  private static func text(_ candidate: Classification) -> String {
    "\(candidate.label) \((Double(candidate.confidence) * 100).rounded(toPlaces: 1))"
  }
}

/// One file's line of JSON.
private struct FileReport: Encodable {
  struct Candidate: Encodable {
    let label: String
    let wnid: String?
    let confidence: Float
  }

  let file: String
  private(set) var label: String?
  private(set) var confidence: Float?
  private(set) var top: [Candidate]?
  private(set) var model: String?
  private(set) var modelVersion: String?
  private(set) var error: FileRun.Failure?

  init(_ outcome: FileRun.Outcome, _ model: Model) {
    file = outcome.path
    switch outcome.result {
    case .success(let best):
      top = best.map { Candidate(label: $0.label, wnid: $0.wordNetID, confidence: $0.confidence) }
      label = best.first?.label
      confidence = best.first?.confidence
      self.model = model.name
      modelVersion = model.version
    case .failure(let failure): error = failure
    }
  }
}
