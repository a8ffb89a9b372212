import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Recognition

/// With the real model, where `deploy/bootstrap` has put it.
@Suite("Recognizer", .enabled(if: Fixtures.exists(Fixtures.model), "the model is not installed"))
struct RecognizerTests {
  /// Loaded once for all tests, as a worker does.
  private static let shared = Result { try make(ClassifierOptions(concurrency: 2)) }

  static func make(_ options: ClassifierOptions) throws -> Recognizer {
    Recognizer(classifier: try Classifier(try Model(path: Fixtures.model.path), options: options))
  }

  private func recognize(_ url: URL) throws -> RecognitionResult {
    try Self.shared.get().recognize(try Fixtures.bytes(url))
  }

  @Test("the model is the one the bootstrap made")
  func model() throws {
    let classifier = try Self.shared.get().classifier
    #expect((classifier.model.name, classifier.model.version) == ("efficientnet-lite0", "0.1.0"))
    #expect((classifier.inputSide, classifier.resizeSide) == (224, 256))
    #expect(classifier.labels.count == 1000)
    #expect(["bf16", "f32"].contains(classifier.precision))
  }

  @Test(
    "sample pictures get the labels a person would give", .enabled(if: Fixtures.exists(Fixtures.samples)),
    arguments: [
      ("coffee.png", ["espresso", "cup"]), ("chelsea.png", ["Egyptian cat", "tabby", "tiger cat"]),
      ("rocket.jpg", ["missile", "projectile"]), ("camera.png", ["tripod"]),
    ])
  func samples(name: String, labels: [String]) throws {
    let result = try recognize(Fixtures.samples.appending(path: name))
    #expect(labels.contains(result.top[0].label), "\(result.top)")
    #expect(result.top.count == 5)
    #expect(result.top.map(\.confidence) == result.top.map(\.confidence).sorted(by: >))
    #expect(result.top.allSatisfy { (0...1).contains($0.confidence) && $0.wordNetID != nil })
    #expect(result.decoding > .zero && result.inference > .zero)
  }

  @Test(
    "at least 179 of 200 photographs are recognised, and at least 97 % as by the bicubic filter in float32",
    .enabled(if: Fixtures.exists(Fixtures.photographs), "the photographs are not here"))
  func photographs() throws {
    var options = ClassifierOptions(concurrency: 1)
    options.precision = .float32
    let reference = try Self.make(options).classifier
    var bicubic = try Self.shared.get().decoder
    bicubic.resizesPlanes = false
    let files = Fixtures.files(in: Fixtures.photographs)
    #expect(files.count == 200)
    var (rightCount, sameCount) = (0, 0)
    // In batches, as a worker does.
    for start in stride(from: 0, to: files.count, by: 10) {
      let batch = files[start..<min(start + 10, files.count)]
      let images = try batch.map(Fixtures.bytes)
      for ((file, bytes), result) in zip(zip(batch, images), try Self.shared.get().recognize(images)) {
        let found = try result.get().top[0]
        let expected = file.lastPathComponent.split(separator: "_").first.map(String.init)
        if found.wordNetID == expected { rightCount += 1 }
        if try reference.classify(bicubic.decode(bytes.span))[0].index == found.index { sameCount += 1 }
      }
    }
    #expect(rightCount >= 179, "\(rightCount) of \(files.count)")
    #expect(sameCount >= 194, "\(sameCount) of \(files.count)")
  }

  @Test(
    "more threads than inference requests get what one thread gets",
    .enabled(if: Fixtures.exists(Fixtures.samples)))
  func concurrency() throws {
    let recognizer = try Self.shared.get()
    let files = try ["coffee.png", "chelsea.png", "rocket.jpg", "camera.png"]
      .map { try Fixtures.bytes(Fixtures.samples.appending(path: $0)) }
    let serial = try files.map { try recognizer.recognize($0).top }
    let wrong = Mutex<[String]>([])
    onThreads(8) { thread in
      for round in 0..<12 {
        let index = (thread + round) % files.count
        do {
          let top = try recognizer.recognize(files[index]).top
          if top != serial[index] { wrong.withLock { $0.append("thread \(thread): \(top[0])") } }
        } catch {
          wrong.withLock { $0.append("thread \(thread): \(error)") }
        }
      }
    }
    #expect(wrong.withLock { $0 } == [])
  }

  @Test("both precisions can be asked for and agree")
  func precisions() throws {
    let file = Picture.scene(width: 500, height: 375).jpeg()
    var confidences: [Float] = []
    for precision in [ClassifierOptions.Precision.float32, .bfloat16] {
      var options = ClassifierOptions(concurrency: 1)
      options.precision = precision
      let recognizer = try Self.make(options)
      #expect(recognizer.classifier.precision == precision.rawValue)
      confidences.append(try recognizer.recognize(file).top[0].confidence)
    }
    #expect(abs(confidences[0] - confidences[1]) < 0.1)
  }

  @Test("a compiled model is kept and used again")
  func cache() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "compiled-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = Picture.scene(width: 500, height: 375).jpeg()
    let first = try Self.make(ClassifierOptions(concurrency: 1, cacheDirectory: directory.path))
    let kept = Fixtures.files(in: directory).map(\.lastPathComponent)
    #expect(!kept.isEmpty)
    let second = try Self.make(ClassifierOptions(concurrency: 1, cacheDirectory: directory.path))
    #expect(Fixtures.files(in: directory).map(\.lastPathComponent) == kept)
    #expect(try first.recognize(file).top == second.recognize(file).top)
  }

  @Test(
    "images together get what each gets alone, and one that cannot be decoded spoils none", arguments: [1, 2, 4, 5])
  func batches(size: Int) throws {
    var options = ClassifierOptions(concurrency: 1)
    options.precision = .float32
    options.batchSize = size
    let recognizer = try Self.make(options)
    #expect(recognizer.classifier.batchSize == size)
    let scenes = (0..<6).map { Picture.scene(width: 300 + 40 * $0, height: 300).jpeg() }
    let files = scenes[..<2] + [Array("text".utf8)] + scenes[2...] + [[]]
    let results = recognizer.recognize(Array(files))
    #expect(results.count == files.count)
    for (file, result) in zip(files, results) {
      do throws(RecognitionError) {
        let alone = try recognizer.recognize(file)
        let together = try result.get()
        #expect(together.top[0].index == alone.top[0].index)
        #expect(abs(together.top[0].confidence - alone.top[0].confidence) < 1e-3)
      } catch {
        #expect(throws: error) { try result.get() }
      }
    }
    #expect(recognizer.recognize([[UInt8]]()).isEmpty)
  }

  @Test("an image that cannot be decoded says so through the recognizer")
  func undecodable() throws {
    let recognizer = try Self.shared.get()
    let text = Array("text".utf8)
    #expect(throws: RecognitionError.undecoded(.unsupportedFormat)) { try recognizer.recognize(text) }
  }

  @Test("memory stays flat over a thousand inferences")
  func memory() async {
    await #expect(processExitsWith: .success) {
      let recognizer = try RecognizerTests.make(ClassifierOptions(concurrency: 2))
      let file = Picture.scene(width: 500, height: 375).jpeg()
      for _ in 0..<50 { _ = try recognizer.recognize(file) }
      let before = residentByteCount()
      for _ in 0..<1000 { _ = try recognizer.recognize(file) }
      let growth = residentByteCount() - before
      print("grew by \(growth >> 10) KiB")
      exit(growth < 32 << 20 ? 0 : 1)
    }
  }
}
