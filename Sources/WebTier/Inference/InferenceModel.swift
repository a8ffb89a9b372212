import AWS
import Jobs

/// What the protocol is told of models, which is the same of all: an image file in, labels out.
enum InferenceModel {
  static let inputName = "image"
  /// What runs them.
  private static let platform = "openvino"

  /// - Parameter versions: Empty where none is known.
  static func metadata(of name: ModelName, versions: [String]) -> [UInt8] {
    var writer = JSONWriter(byteCapacity: 1024)
    writer.beginObject()
    writer.member("name", name.description)
    if !versions.isEmpty {
      writer.name("versions")
      writer.beginArray()
      for version in versions { writer.string(version) }
      writer.endArray()
    }
    writer.member("platform", platform)
    writer.name("inputs")
    writer.beginArray()
    write(inputName, datatype: "BYTES", dimensionCount: 1, to: &writer)
    writer.endArray()
    writer.name("outputs")
    writer.beginArray()
    for output in InferenceOutput.allCases {
      write(output.rawValue, datatype: output.datatype, dimensionCount: output.hasCandidates ? 2 : 1, to: &writer)
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes + [0x0A]
  }

  private static func write(_ name: String, datatype: String, dimensionCount: Int, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", name)
    writer.member("datatype", datatype)
    writer.name("shape")
    writer.beginArray()
    // -1: any number.
    for _ in 0..<dimensionCount { writer.integer(-1) }
    writer.endArray()
    writer.endObject()
  }
}
