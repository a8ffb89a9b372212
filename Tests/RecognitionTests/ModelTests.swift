import Foundation
import Testing

@testable import Recognition

@Suite("Model description")
struct ModelTests {
  @Test("without a description the file's name and the customs of ImageNet hold")
  func defaults() throws {
    let files = try TinyModel()
    defer { files.remove() }
    let model = try Model(path: files.path)
    #expect(model.name == "model")
    #expect(model.version == nil)
    #expect(model.labelsPath == files.directory.appending(path: "labels.txt").path)
    #expect(model.colours == .rgb)
    #expect(model.mean == [123.675, 116.28, 103.53])
    #expect(try Model(path: files.path, labelsPath: "/else/labels.txt").labelsPath == "/else/labels.txt")
  }

  @Test("every key of the description is heard, and unknown ones are let pass")
  func described() throws {
    let files = try TinyModel()
    defer { files.remove() }
    try files.write(
      """
      {"name": "n", "version": "2", "inputSize": 32, "resizeShorterSide": 40, "layout": "NCHW", "elementType": "f32",
       "colours": "BGR", "mean": [1, 2, 3], "scale": [4, 5, 6], "output": "logits", "licence": "MIT"}
      """, to: "model.json")
    let model = try Model(path: files.path)
    #expect((model.name, model.version) == ("n", "2"))
    #expect(try Model(path: files.path, name: "other").name == "other")
    #expect((model.inputSize, model.resizeShorterSide) == (32, 40))
    #expect((model.layout, model.elementType, model.colours) == (.channelsFirst, "f32", .bgr))
    #expect((model.mean, model.scale) == ([1, 2, 3], [4, 5, 6]))
    #expect(model.output == .logits)
  }

  @Test(
    "a description that makes no sense is an error that names the key",
    arguments: [
      ("{", "it is not valid JSON"), ("[]", "it is not valid JSON"),
      (#"{"inputSize": "big"}"#, "the value of inputSize is not valid"),
      (#"{"layout": "CHWN"}"#, "the value of layout is not valid"),
      (#"{"inputSize": 0}"#, "inputSize must be in 1…4096"),
      (#"{"inputSize": 224, "resizeShorterSide": 200}"#, "resizeShorterSide must be in inputSize…4096"),
      (#"{"version": ""}"#, "version must have 1 to 128 bytes"), (#"{"name": ""}"#, "name must have 1 to 128 bytes"),
      (#"{"version": 2}"#, "the value of version is not valid"),
      (#"{"mean": [1]}"#, "mean must have three numbers, one a channel"),
      (#"{"scale": [1, 0, 1]}"#, "scale must have three numbers, one a channel"),
    ])
  func malformed(json: String, reason: String) throws {
    let files = try TinyModel()
    defer { files.remove() }
    try files.write(json, to: "model.json")
    let path = files.directory.appending(path: "model.json").path
    #expect(throws: ClassifierError.model(path: path, reason: reason)) { try Model(path: files.path) }
  }

  @Test("an absent model is an error")
  func absent() {
    #expect(throws: ClassifierError.self) { try Model(path: "/nowhere/model.xml") }
  }
}
