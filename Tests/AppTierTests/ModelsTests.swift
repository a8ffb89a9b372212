import AWS
import EventLoop
import Foundation
import Glibc
import Jobs
import Recognition
import TestSupport
import Testing

@testable import AppTier

@Suite("A worker's models")
struct ModelCatalogTests {
  func model(_ name: String) -> ImageRecognition {
    ImageRecognition(modelName: name) { (_) throws(RecognitionError) in throw .undecoded(.empty) }
  }

  @Test("the first model is the default, each has its name, and another name is told those there are")
  func names() throws {
    let catalog = try ModelCatalog([model("a"), model("b.2")])
    #expect(try catalog.model(nil).modelName == "a")
    #expect(try catalog.model(ModelName("a")).modelName == "a")
    #expect(try catalog.model(ModelName("b.2")).modelName == "b.2")
    #expect(throws: ClassificationError(code: .unknownModel, message: "There is no model c; there is a, b.2.")) {
      try catalog.model(ModelName("c"))
    }
  }

  @Test("models that clients could not tell apart are refused, and so are too many")
  func refused() throws {
    #expect(throws: ModelCatalog.Failure.none) { try ModelCatalog([]) }
    #expect(throws: ModelCatalog.Failure.ambiguous("a")) { try ModelCatalog([model("a"), model("b"), model("a")]) }
    #expect(throws: ModelCatalog.Failure.unusableName("b c")) { try ModelCatalog([model("a"), model("b c")]) }
    // The default needs no name.
    #expect(try ModelCatalog([model("b c"), model("a")]).model(nil).modelName == "b c")
    let many = (0...ModelCatalog.countMax).map { model("m\($0)") }
    #expect(throws: ModelCatalog.Failure.tooMany(countMax: 8)) { try ModelCatalog(many) }
    #expect(throws: Never.self) { try ModelCatalog(many.dropLast()) }
  }

  @Test("the longest names of all models fit into an error message")
  func messageLength() throws {
    let names = (0..<ModelCatalog.countMax).map { "\($0)" + String(repeating: "x", count: ModelName.byteCountMax - 1) }
    let catalog = try ModelCatalog(names.map(model))
    let absent = String(repeating: "y", count: ModelName.byteCountMax)
    let error = #expect(throws: ClassificationError.self) { try catalog.model(ModelName(absent)) }
    #expect(error?.message.hasSuffix("\(names.last ?? "").") == true)
  }

  private struct Broken: Error {}

  @Test("what loads is served, what does not changes nothing, and calls meanwhile add up to one")
  func reload() async throws {
    try await onLoop {
      let served = ServedModels(try ModelCatalog([model("a")]))
      await served.reload(logger: Bench.logger) { throw Broken() }
      #expect(served.catalog.models.map(\.modelName) == ["a"])

      let gate = Door()
      let loads = (0..<4).map { number in
        EventLoop.shared.start {
          await served.reload(logger: Bench.logger) {
            gate.pass()
            return try ModelCatalog([model("b\(number)")])
          }
        }
      }
      gate.open()
      for load in loads { try await load.value }
      #expect(served.catalog.models[0].modelName.hasPrefix("b"))
      #expect(gate.count == 2)
    }
  }

  /// Holds loads until it opens.
  private final class Door: @unchecked Sendable {
    private let condition = NSCondition()
    private var isOpen = false
    private(set) var count = 0

    func pass() {
      condition.withLock {
        count += 1
        while !isOpen { condition.wait() }
      }
    }

    func open() {
      condition.withLock {
        isOpen = true
        condition.broadcast()
      }
    }
  }
}

/// Jobs that ask for a model, with the real one under several names.
@Suite(
  "Choosing a model", .serialized,
  .enabled(if: Fixtures.areHere, "needs the model, samples and a server of deploy/bootstrap"))
struct ModelChoiceTests {
  static func recognition(_ name: String) throws -> ImageRecognition {
    let model = try Model(path: Fixtures.model, name: name)
    return ImageRecognition(Recognizer(classifier: try Classifier(model, options: ClassifierOptions(concurrency: 1))))
  }

  @Test("a job is answered by the model it asks for; one that is not here is an error before its image is fetched")
  func chosen() async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let models = try Bench.serving(Self.recognition("first"), Self.recognition("second"))
      let worker = try bench.makeWorker(models: models)
      worker.start()
      let image = try Fixtures.image()
      for (asked, expected) in [(nil, "first"), ("second", "second"), ("first", "first")] {
        let job = try await bench.makeJob(image, model: asked.flatMap { ModelName($0) })
        try await bench.send(job)
        let classification = try await bench.answer().outcome.get()
        #expect((classification.model, classification.modelVersion) == (expected, "0.1.0"))
      }
      // Its image is nowhere, which would be another error.
      let job = try await bench.makeJob(nil, model: ModelName("third"))
      try await bench.send(job)
      let error = ClassificationError(
        code: .unknownModel, message: "There is no model third; there is first, second.")
      #expect(try await bench.answer().outcome == .failure(error))
      #expect(try await bench.result(of: job).answer.outcome == .failure(error))
      _ = await worker.drain()
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
    }
  }

  @Test("a job under way ends with the model it began with, the next one has the new one")
  func replaced() async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let gate = Gate()
      defer { gate.open() }
      let served = try Bench.serving(gate.recognition())
      let worker = try bench.makeWorker(models: served)
      worker.start()
      let image = try Fixtures.image()
      try await bench.send(try await bench.makeJob(image))
      await gate.nextArrival()
      await served.reload(logger: Bench.logger) { try ModelCatalog([Self.recognition("new")]) }
      try await bench.send(try await bench.makeJob(image))
      gate.open()
      let models = try await bench.answers(2).map { try $0.outcome.get().model }
      #expect(models.sorted() == ["efficientnet-lite0", "new"])
      #expect(gate.arrivalCount == 1)
      _ = await worker.drain()
    }
  }
}

/// The binary, told to read its models again.
@Suite(
  "SIGHUP to saccade-worker", .serialized,
  .enabled(
    if: Fixtures.areHere && WorkerProcess.isBuilt, "needs the binary, the model and a server of deploy/bootstrap"))
struct ModelReloadTests {
  /// A folder with the model's files, whose description the test may change.
  private struct ModelFolder {
    let url = FileManager.default.temporaryDirectory.appending(path: "models-\(UUID().uuidString)")
    var model: String { url.appending(path: "model.xml").path }

    init() throws {
      let source = URL(filePath: Fixtures.model).deletingLastPathComponent()
      try FileManager.default.copyItem(at: source, to: url)
    }

    func describe(_ version: String) throws {
      let file = url.appending(path: "model.json")
      let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
      var members = try #require(object as? [String: Any])
      members["version"] = version
      try JSONSerialization.data(withJSONObject: members).write(to: file)
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
  }

  @Test("files that changed are served, one that is broken is not, and no job is lost; memory stays flat")
  func reload() async throws {
    let folder = try ModelFolder()
    defer { folder.remove() }
    try folder.describe("1")
    try await Bench.with(Bench.servers[0]) { bench in
      let worker = try await WorkerProcess(
        for: bench,
        ["--model", "big=\(folder.model)", "--compiled-models", folder.url.appending(path: "cache").path],
        model: folder.model, isLogging: true)
      #expect(await worker.firstLine() == "saccade-worker: ready (models efficientnet-lite0, big, 1 at once)")
      _ = await worker.logLine { $0.contains("serving") }
      let image = try Fixtures.image()
      @LoopActor func version(_ model: String? = nil) async throws -> String? {
        try await bench.send(try await bench.makeJob(image, model: model.flatMap { ModelName($0) }))
        return try await bench.answer().outcome.get().modelVersion
      }
      @LoopActor func reload() async -> String {
        worker.process.send(signal: SIGHUP)
        return await worker.logLine { $0.contains("serving") || $0.contains("stay as they were") }
      }
      #expect(try await version() == "1")

      try folder.describe("2")
      // Jobs that come while it loads are answered, by one or the other.
      worker.process.send(signal: SIGHUP)
      var jobs: Set<JobID> = []
      for _ in 0..<20 {
        let job = try await bench.makeJob(image)
        jobs.insert(job.id)
        try await bench.send(job)
      }
      for answer in try await bench.answers(20) {
        #expect(["1", "2"].contains(try answer.outcome.get().modelVersion))
        jobs.remove(answer.id)
      }
      #expect(jobs.isEmpty)
      _ = await worker.logLine { $0.contains("serving") }
      #expect(try await version() == "2")
      #expect(try await version("big") == "2")

      let labels = folder.url.appending(path: "labels.txt")
      let text = try Data(contentsOf: labels)
      try Data("tench\n".utf8).write(to: labels)
      try folder.describe("3")
      #expect(await reload().contains("it has 1 labels, and the model has 1000 classes"))
      #expect(try await version() == "2")
      try text.write(to: labels)
      #expect(await reload().contains("efficientnet-lite0 3, big 3"))
      #expect(try await version() == "3")

      // malloc settles in the first few.
      for _ in 0..<5 { _ = await reload() }
      let before = worker.residentByteCount
      for _ in 0..<20 { _ = await reload() }
      #expect(try await version() == "3")
      let growth = worker.residentByteCount - before
      print("20 reloads of two models: \(before >> 20) MiB, and \(growth >> 20) MiB more")
      // Forty models that stayed would be 800 MiB and more.
      #expect(growth < 64 << 20)
      worker.process.send(signal: SIGTERM)
      #expect(await worker.process.exit() == .exited(0))
    }
  }
}
