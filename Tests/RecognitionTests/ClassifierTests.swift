import Foundation
import Testing

@testable import Recognition

@Suite("Classifier")
struct ClassifierTests {
  private func plain(_ colour: [UInt8], side: Int = 32) -> PixelTensor {
    PixelTensor(side: side, bytes: (0..<side * side).flatMap { _ in colour })
  }

  private func float32() -> ClassifierOptions {
    var options = ClassifierOptions(concurrency: 1)
    options.precision = .float32
    return options
  }

  private static let description = #""mean": [0, 0, 0], "scale": [100, 100, 100]"#

  @Test(
    "models of every shape of input are given what they want",
    arguments: [
      ([1, 3, 32, 32], "f32", 1), ([1, 32, 32, 3], "f32", 3), ([1, 3, 32, 32], "u8", 1), ([1, 32, 32, 3], "u8", 3),
      ([-1, 3, 32, 32], "f32", 1), ([-1, 3, -1, -1], "f32", 1), ([8, 3, 32, 32], "f32", 1),
    ])
  func shapes(shape: [Int], elementType: String, channelAxis: Int) throws {
    let files = try TinyModel(shape: shape, elementType: elementType, channelAxis: channelAxis)
    defer { files.remove() }
    try files.write("{\(Self.description), \"inputSize\": 32}", to: "model.json")
    let classifier = try Classifier(try Model(path: files.path), options: float32())
    #expect((classifier.inputSide, classifier.resizeSide, classifier.precision) == (32, 37, "f32"))
    let top = try classifier.classify(plain([50, 200, 100]))
    #expect(top.map(\.label) == ["green", "blue", "red"])
    #expect(top.map(\.index) == [1, 2, 0])
    #expect(abs(top.map(\.confidence).reduce(0, +) - 1) < 1e-5)
    if elementType == "f32" {
      // Logits 0.5, 2 and 1.
      let total = exp(0.5) + exp(2.0) + exp(1.0)
      #expect(abs(Double(top[0].confidence) - exp(2.0) / total) < 1e-4)
    }
  }

  @Test("a model trained on BGR sees BGR, and normalisation is a channel's own")
  func colours() throws {
    let files = try TinyModel()
    defer { files.remove() }
    try files.write("{\(Self.description), \"colours\": \"BGR\"}", to: "model.json")
    #expect(try Classifier(try Model(path: files.path)).classify(plain([200, 100, 50]))[0].label == "blue")
    try files.write(#"{"mean": [190, 0, 0], "scale": [1, 1, 1]}"#, to: "model.json")
    #expect(try Classifier(try Model(path: files.path)).classify(plain([200, 100, 50]))[0].label == "green")
  }

  @Test("an ONNX file is a model too")
  func onnx() throws {
    let files = try TinyModel.onnx()
    defer { files.remove() }
    let classifier = try Classifier(try Model(path: files.path), options: float32())
    #expect(classifier.inputSide == 32)
    #expect(try classifier.classify(plain([10, 20, 240])).map(\.label) == ["blue", "green", "red"])
  }

  @Test("labels that do not count as many as the classes are an error")
  func labelCount() throws {
    let files = try TinyModel()
    defer { files.remove() }
    try files.write("red\ngreen\n", to: "labels.txt")
    let path = files.directory.appending(path: "labels.txt").path
    #expect(throws: ClassifierError.labels(path: path, reason: "it has 2 labels, and the model has 3 classes")) {
      try Classifier(try Model(path: files.path))
    }
  }

  @Test("damaged models, absent weights and inputs that are no image are errors")
  func unusable() throws {
    func code(_ change: (TinyModel) throws -> Void, shape: [Int] = [1, 3, 32, 32]) throws -> String? {
      let files = try TinyModel(shape: shape)
      defer { files.remove() }
      try change(files)
      do {
        _ = try Classifier(try Model(path: files.path))
        return nil
      } catch {
        #expect(!error.message.isEmpty)
        return error.code
      }
    }
    #expect(try code { _ in } == nil)
    #expect(try code { try $0.write("<net", to: "model.xml") } == "model-unusable")
    #expect(try code { try $0.write("", to: "model.xml") } == "model-unusable")
    #expect(try code { try FileManager.default.removeItem(at: $0.directory.appending(path: "model.bin")) } != nil)
    #expect(try code { try $0.write(#"{"inputSize": 64}"#, to: "model.json") } == "model-unusable")
    #expect(try code { try $0.write(#"{"resizeShorterSide": 16}"#, to: "model.json") } == "model-unusable")
    #expect(try code({ _ in }, shape: [1, 4, 32, 32]) == "model-unusable")
    #expect(try code({ _ in }, shape: [1, 3, 32, 16]) == "model-unusable")
  }

  @Test("new weights are not served as the compiled form of the old ones, which is removed")
  func compiledModels() throws {
    let files = try TinyModel(shape: [1, 32, 32, 3], elementType: "u8", channelAxis: 3)
    defer { files.remove() }
    try files.write(#"{"elementType": "u8", "layout": "NHWC"}"#, to: "model.json")
    var options = float32()
    let cache = files.directory.appending(path: "cache").path
    options.cacheDirectory = cache
    func entries() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: cache) }
    for _ in 0..<2 {
      #expect(try Classifier(try Model(path: files.path), options: options).labels.count == 3)
    }
    let first = try entries()
    #expect(first.count == 1)
    let another = try TinyModel()
    defer { another.remove() }
    try another.write(#"{"layout": "NCHW"}"#, to: "model.json")
    #expect(try Classifier(try Model(path: another.path), options: options).labels.count == 3)
    #expect(try entries().count == 2)

    // The axes that are averaged over: not rows and columns any more, but columns and colours.
    try Data([2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]).write(to: files.directory.appending(path: "model.bin"))
    let path = files.directory.appending(path: "labels.txt").path
    #expect(throws: ClassifierError.labels(path: path, reason: "it has 3 labels, and the model has 32 classes")) {
      try Classifier(try Model(path: files.path), options: options)
    }
    #expect(try entries().count == 2)
    #expect(try !entries().contains(first[0]))
  }

  @Test("int8 is a file of its own beside the model's; without one it is an error")
  func quantised() throws {
    let files = try TinyModel()
    defer { files.remove() }
    var options = ClassifierOptions(concurrency: 1)
    options.precision = .int8
    let model = try Model(path: files.path)
    let error = #expect(throws: ClassifierError.self) { try Classifier(model, options: options) }
    #expect(error?.message.contains("model-int8.xml, does not exist") == true)
    // Told apart by what it averages over.
    let other = try TinyModel(shape: [1, 32, 32, 3], channelAxis: 3)
    defer { other.remove() }
    for suffix in ["xml", "bin"] {
      try FileManager.default.copyItem(
        at: other.directory.appending(path: "model." + suffix),
        to: files.directory.appending(path: "model-int8." + suffix))
    }
    let classifier = try Classifier(model, options: options)
    #expect((classifier.precision, classifier.model.name) == ("int8", "model"))
    #expect(try classifier.classify(plain([50, 200, 100]))[0].label == "green")
  }

  @Test("a model whose layers mix the images of a batch is given one at a time", arguments: [false, true])
  func batches(mixes: Bool) throws {
    let files = try TinyModel(shape: [1, 1, 1, 3], channelAxis: 3)
    defer { files.remove() }
    // Averaging over images and rows, where a picture has one row and one column, is the same for one image.
    let axes: [UInt8] = mixes ? [0, 1] : [1, 2]
    try Data(axes.flatMap { [$0, 0, 0, 0, 0, 0, 0, 0] }).write(to: files.directory.appending(path: "model.bin"))
    try files.write("{\(Self.description)}", to: "model.json")
    var options = float32()
    options.batchSize = 4
    let classifier = try Classifier(try Model(path: files.path), options: options)
    #expect(classifier.batchSize == (mixes ? 1 : 4))
    let colours: [[UInt8]] = [[200, 0, 0], [0, 200, 0], [0, 0, 200], [1, 2, 3], [9, 8, 7]]
    let labels = try classifier.classify(colours.map { plain($0, side: 1) }).map { try $0.get()[0].label }
    #expect(labels == ["red", "green", "blue", "blue", "red"])
  }

  @Test("numbers that are no numbers are an error, not a label")
  func notANumber() throws {
    let files = try TinyModel()
    defer { files.remove() }
    // Dividing by the least float overflows to infinity.
    try files.write(#"{"mean": [0, 0, 0], "scale": [1e-38, 1e-38, 1e-38]}"#, to: "model.json")
    let classifier = try Classifier(try Model(path: files.path), options: float32())
    #expect(throws: ClassifierError.self) { try classifier.classify(plain([255, 255, 255])) }
  }

  @Test("the best classes come sorted, the earlier of equals first")
  func best() throws {
    let labels = try Labels((0..<8).map { "class \($0)" }.joined(separator: "\n"))
    let values: [Float] = [0.1, 0.3, 0.05, 0.3, 0.2, 0.05, 0, 0]
    #expect(Classification.best(5, of: values.span, labels: labels).map(\.index) == [1, 3, 4, 0, 2])
    #expect(Classification.best(1, of: values.span, labels: labels).map(\.index) == [1])
    #expect(Classification.best(8, of: values.span, labels: labels).map(\.index) == [1, 3, 4, 0, 2, 5, 6, 7])
  }
}
