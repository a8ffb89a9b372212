import ArgumentParser
import Foundation
import Recognition

struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify", abstract: "Says what is in image files, without queue or bucket.",
    discussion: "Exits with 1 when any of the files could not be classified.")

  @Argument(help: ArgumentHelp("Image files.", valueName: "file"), completion: .file())
  var files: [String]

  @Flag(help: "A JSON object a line instead of \"file: label\".")
  var json = false

  @OptionGroup var modelOptions: ModelOptions

  func run() throws {
    let recognizer = try modelOptions.recognizer(concurrency: 1)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var failureCount = 0
    for file in files {
      let report = Report(of: file, recognizer)
      if report.error != nil { failureCount += 1 }
      if json {
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
      } else if let label = report.label {
        print("\(file): \(label)")
      } else {
        FileHandle.standardError.write(Data("\(file): \(report.error?.message ?? "")\n".utf8))
      }
    }
    if failureCount > 0 { throw ExitCode(1) }
  }
}

/// One file's line of JSON.
private struct Report: Encodable {
  struct Candidate: Encodable {
    let label: String
    let wnid: String?
    let confidence: Float
  }

  struct Failure: Encodable {
    let code: String
    let message: String
  }

  let file: String
  private(set) var label: String?
  private(set) var confidence: Float?
  private(set) var top: [Candidate]?
  private(set) var error: Failure?

  init(of file: String, _ recognizer: Recognizer) {
    self.file = file
    let bytes: [UInt8]
    do {
      let url = URL(filePath: file)
      let byteCountMax = ImageLimits().byteCountMax
      // Looked at first: a file as large as the disk is not to be read to be refused.
      let byteCount = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      guard byteCount <= byteCountMax else {
        error = Failure(code: "image-too-large", message: "The file has more than \(byteCountMax) bytes.")
        return
      }
      bytes = [UInt8](try Data(contentsOf: url))
    } catch {
      self.error = Failure(code: "unreadable-file", message: error.localizedDescription)
      return
    }
    do {
      let best = try recognizer.recognize(bytes).top
      top = best.map { Candidate(label: $0.label, wnid: $0.wordNetID, confidence: $0.confidence) }
      label = best.first?.label
      confidence = best.first?.confidence
    } catch {
      self.error = Failure(code: error.code, message: error.message)
    }
  }
}
