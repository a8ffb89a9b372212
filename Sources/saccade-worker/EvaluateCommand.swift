import ArgumentParser
import Foundation
import Recognition

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Tells how often a model is right on images whose class is known.",
    discussion: """
      What an image shows is told by its path; of these, the first that names one of the model's classes: a WordNet id in \
      the file's name (n01440764_tench.JPEG), a label that is the file's name but for numbers around it \
      (great_white_shark-2.jpg), and then the same in the name of its folder (n01440764/1.JPEG). Images whose path names \
      none are only counted.

      Exits with 0 when every image with a class was classified, with 1 when one could not be, or there was none.

      Example:
        saccade-worker evaluate --verbose photos
      """)

  @Argument(help: ArgumentHelp("Folders of images, or images.", valueName: "folder"), completion: .directory)
  var folders: [String]

  @Flag(help: "One JSON object, with what was missed of each class.")
  var json = false

  @Flag(help: "List the images that were taken for something else.")
  var verbose = false

  @OptionGroup var modelOptions: ModelOptions

  func validate() throws {
    try modelOptions.requireSingle()
    guard !folders.contains("-") else { throw ValidationError("standard input has no name that tells its class") }
  }

  func run() throws {
    let run = try FileRun(folders, modelOptions, topCount: 5)
    var evaluation = Evaluation(of: run.classifier, names: LabelledNames(run.classifier.labels))
    _ = run.classify { outcome in
      if case .failure(let error)? = evaluation.add(outcome) { complain("\(outcome.path): \(error.message)") }
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(evaluation.report(isVerbose: verbose)), as: UTF8.self))
    } else {
      print(evaluation.text(isVerbose: verbose))
    }
    if evaluation.matchedCount == 0 || evaluation.failedCount > 0 { throw ExitCode(1) }
  }
}
