import ArgumentParser
import Foundation
import Glibc
import Recognition

/// Classifies the files of a command line on all cores, and tells what came of each in their order.
struct FileRun {
  /// What came of one file.
  struct Outcome: Sendable {
    let path: String
    let result: Result<[Classification], Failure>
  }

  struct Failure: Error, Encodable {
    let code: String
    let message: String
  }

  private let entries: [ImageFiles.Entry]
  private let recognizer: Recognizer
  private let interruption: Interruption
  private let threadCount: Int

  /// Finds the files and loads the model.
  init(_ arguments: [String], _ options: ModelOptions, topCount: Int) throws {
    // Before the runtime's threads begin.
    interruption = Interruption()
    threadCount = max(1, ProcessInfo.processInfo.activeProcessorCount)
    entries = ImageFiles(arguments) { [interruption] in interruption.signal != nil }.entries
    let decoders = options.startDecoders(concurrency: threadCount)
    recognizer = try options.recognizer(concurrency: threadCount, topCount: topCount, decoders: decoders)
    _ = try options.awaitDecoders(decoders)
  }

  var classifier: Classifier { recognizer.classifier }

  /// Classifies, and calls `tell` for each file that is an image or should be one.
  /// - Returns: how many that were. When a signal asks for an end, the process ends instead, after what was done.
  func classify(_ tell: (Outcome) -> Void) -> Int {
    let work = OrderedWork(
      entries, threadCount: threadCount, batchSize: recognizer.classifier.batchSize, isAlone: \.mayBlock
    ) { [recognizer] in Self.outcomes(of: $0, recognizer) }
    interruption.onSignal { work.stop() }
    var progress = ProgressBar(of: entries.count)
    var (doneCount, toldCount) = (0, 0)
    loop: while true {
      switch work.next(within: 0.2) {
      case .output(let outcome):
        doneCount += 1
        guard let outcome else { break }
        toldCount += 1
        progress.clear()
        tell(outcome)
      case .nothing:
        // Who reads along sees what there is before the wait goes on.
        fflush(nil)
      case .end: break loop
      }
      progress.update(done: doneCount)
    }
    progress.clear()
    fflush(nil)
    // Threads may be in the middle of an inference: nothing is torn down under them.
    if let signal = interruption.signal { _exit(128 + signal) }
    return toldCount
  }

  /// Nil for files that were found and are no images.
  private static func outcomes(of entries: ArraySlice<ImageFiles.Entry>, _ recognizer: Recognizer) -> [Outcome?] {
    let files = entries.map(read)
    var results = recognizer.recognize(files.compactMap { try? $0?.get() })[...]
    return zip(entries, files).map { entry, file in
      file.map { file in
        Outcome(
          path: entry.path,
          result: file.flatMap { _ in
            results.removeFirst().map(\.top).mapError { Failure(code: $0.code, message: $0.message) }
          })
      }
    }
  }

  /// Nil for a file that was found and is no image.
  private static func read(_ entry: ImageFiles.Entry) -> Result<[UInt8], Failure>? {
    do throws(ImageFiles.Entry.ReadFailure) {
      return .success(try entry.read(upTo: ImageLimits().byteCountMax))
    } catch {
      switch error {
      case .passedOver: return nil
      case .tooLarge(let byteCountMax):
        return .failure(Failure(code: "image-too-large", message: "The file has more than \(byteCountMax) bytes."))
      case .unreadable(let reason):
        return .failure(Failure(code: "unreadable-file", message: "It cannot be read: \(reason)."))
      }
    }
  }
}

/// A line on standard error.
func complain(_ line: String) {
  // What has been printed comes first where both go to one terminal or file.
  fflush(nil)
  FileHandle.standardError.write(Data((line + "\n").utf8))
}
