import ArgumentParser
import Foundation
import Load

/// What is told of a run.
struct LoadOutputOptions: ParsableArguments {
  @Flag(name: .customLong("print"), help: "Print each answer as it comes.")
  var printsAnswers = false

  @Flag(
    help:
      "Hold each answer against the label in the file's name (n07920052_espresso.JPEG), and tell how many are right.")
  var labels = false

  @Flag(help: "Tell the report as JSON. Times are milliseconds where they do not say otherwise.")
  var json = false

  @Option(
    help: ArgumentHelp("Write a picture: latency over time, and by percentile.", valueName: "file"),
    completion: .file(extensions: ["svg"]))
  var svg: String?

  func check() throws {
    if json, printsAnswers { throw ValidationError("--json and --print would write into each other.") }
  }

  func write(_ report: LoadReport) throws {
    try? StatusOutput.write(json ? report.json : (printsAnswers ? "\n" : "") + report.text)
    guard let svg else { return }
    do {
      try Data(report.picture.utf8).write(to: URL(fileURLWithPath: svg), options: .atomic)
    } catch {
      throw ValidationError("--svg \(svg): \(error.localizedDescription)")
    }
  }
}
