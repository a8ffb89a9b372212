import Foundation

@testable import Recognition

/// Model files small enough to be written by a test: the class of a picture is its strongest colour channel.
struct TinyModel {
  let directory: URL
  var path: String { directory.appending(path: fileName).path }
  private let fileName: String

  /// Writes an OpenVINO IR that averages each channel. `shape` has -1 for what is left open.
  init(shape: [Int] = [1, 3, 32, 32], elementType: String = "f32", channelAxis: Int = 1) throws {
    try self.init(fileName: "model.xml")
    let axes = channelAxis == 1 ? [2, 3] : [1, 2]
    try write(TinyModel.intermediateRepresentation(shape, elementType), to: "model.xml")
    try Data(axes.flatMap { [UInt8($0), 0, 0, 0, 0, 0, 0, 0] }).write(to: directory.appending(path: "model.bin"))
  }

  /// Writes the same as ONNX, with the batch left open.
  static func onnx() throws -> TinyModel {
    let model = try TinyModel(fileName: "model.onnx")
    try Data(onnxBytes()).write(to: directoryFile(model, "model.onnx"))
    return model
  }

  private init(fileName: String) throws {
    self.fileName = fileName
    directory = FileManager.default.temporaryDirectory.appending(path: "recognition-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try write("red\ngreen\nblue\n", to: "labels.txt")
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: directory.appending(path: name))
  }

  func remove() { try? FileManager.default.removeItem(at: directory) }

  private static func directoryFile(_ model: TinyModel, _ name: String) -> URL { model.directory.appending(path: name) }

  private static func intermediateRepresentation(_ shape: [Int], _ elementType: String) -> String {
    func dimensions(_ values: [Int]) -> String { values.map { "<dim>\($0)</dim>" }.joined() }
    let precision = elementType == "u8" ? "U8" : "FP32"
    let text = shape.map { $0 < 0 ? "?" : "\($0)" }.joined(separator: ",")
    return """
      <?xml version="1.0"?>
      <net name="tiny" version="11"><layers>
      <layer id="0" name="image" type="Parameter" version="opset1">
      <data shape="\(text)" element_type="\(elementType)"/>
      <output><port id="0" precision="\(precision)">\(dimensions(shape))</port></output></layer>
      <layer id="1" name="convert" type="Convert" version="opset1"><data destination_type="f32"/>
      <input><port id="0" precision="\(precision)">\(dimensions(shape))</port></input>
      <output><port id="1" precision="FP32">\(dimensions(shape))</port></output></layer>
      <layer id="2" name="axes" type="Const" version="opset1">
      <data element_type="i64" shape="2" offset="0" size="16"/>
      <output><port id="0" precision="I64"><dim>2</dim></port></output></layer>
      <layer id="3" name="mean" type="ReduceMean" version="opset1"><data keep_dims="false"/>
      <input><port id="0" precision="FP32">\(dimensions(shape))</port>
      <port id="1" precision="I64"><dim>2</dim></port></input>
      <output><port id="2" precision="FP32">\(dimensions([shape[0], 3]))</port></output></layer>
      <layer id="4" name="classes" type="Result" version="opset1">
      <input><port id="0" precision="FP32">\(dimensions([shape[0], 3]))</port></input></layer>
      </layers><edges>
      <edge from-layer="0" from-port="0" to-layer="1" to-port="0"/>
      <edge from-layer="1" from-port="1" to-layer="3" to-port="0"/>
      <edge from-layer="2" from-port="0" to-layer="3" to-port="1"/>
      <edge from-layer="3" from-port="2" to-layer="4" to-port="0"/>
      </edges></net>
      """
  }

  /// GlobalAveragePool and Flatten in ONNX's protobuf: field numbers are onnx.proto's, all lengths are under 128.
  private static func onnxBytes() -> [UInt8] {
    func number(_ field: UInt8, _ value: UInt8) -> [UInt8] { [field << 3, value] }
    func message(_ field: UInt8, _ parts: [UInt8]...) -> [UInt8] {
      let body = parts.flatMap { $0 }
      precondition(body.count < 1 << 14)
      let length = body.count < 128 ? [UInt8(body.count)] : [UInt8(body.count & 0x7F | 0x80), UInt8(body.count >> 7)]
      return [field << 3 | 2] + length + body
    }
    func text(_ field: UInt8, _ value: String) -> [UInt8] { message(field, Array(value.utf8)) }
    func node(_ type: String, from input: String, to output: String) -> [UInt8] {
      message(1, text(1, input), text(2, output), text(3, type), text(4, type))
    }
    func tensor(_ field: UInt8, _ name: String, _ dimensions: [UInt8]) -> [UInt8] {
      // A dimension of 0 here is one left open, and has a name for a value.
      let shape = dimensions.map { $0 == 0 ? message(1, text(2, "N")) : message(1, number(1, $0)) }.flatMap { $0 }
      return message(field, text(1, name), message(2, message(1, number(1, 1), message(2, shape))))
    }
    let graph = message(
      7, node("GlobalAveragePool", from: "image", to: "mean"), node("Flatten", from: "mean", to: "classes"),
      text(2, "tiny"), tensor(11, "image", [0, 3, 32, 32]), tensor(12, "classes", [0, 3]))
    return number(1, 8) + graph + message(8, text(1, ""), number(2, 13))
  }
}
