import AWS

/// An inference request as it is written, checked for nothing but its types. Members it does not know are skipped, as the
/// protocol wants.
struct InferenceDocument {
  struct Input {
    var name: String?
    var datatype: String?
    var shape: [Int]?
    var binaryByteCount: Int?
    /// Of `data`, which may be flat or in rows.
    var elementCount: Int?
    var unsupportedParameter: String?
  }

  struct Output {
    var name: String?
    var isBinary: Bool?
    var unsupportedParameter: String?
  }

  private(set) var id: String?
  private(set) var inputs: [Input] = []
  private(set) var outputs: [Output] = []
  private(set) var isBinaryOutput = false
  private var hasInputs = false

  init(parsing json: [UInt8]) throws(JSONReader.Failure) {
    var reader = JSONReader(json)
    var document = self
    try reader.object { (reader, name) throws(JSONReader.Failure) in try document.read(name, &reader) }
    try reader.end()
    self = document
  }

  private mutating func read(_ name: JSONReader.Name, _ reader: inout JSONReader) throws(JSONReader.Failure) {
    if reader.null() { return }
    switch name {
    case "id": id = try reader.string()
    case "inputs":
      guard !hasInputs else { throw reader.failure("there are inputs twice") }
      hasInputs = true
      var inputs: [Input] = []
      try reader.array { (reader) throws(JSONReader.Failure) in inputs.append(try Self.input(&reader)) }
      self.inputs = inputs
    case "outputs":
      var outputs: [Output] = []
      try reader.array { (reader) throws(JSONReader.Failure) in outputs.append(try Self.output(&reader)) }
      self.outputs = outputs
    case "parameters":
      var isBinaryOutput = false
      try reader.object { (reader, name) throws(JSONReader.Failure) in
        if case "binary_data_output" = name { isBinaryOutput = try reader.boolean() } else { try reader.skip() }
      }
      self.isBinaryOutput = isBinaryOutput
    default: try reader.skip()
    }
  }

  private static func input(_ reader: inout JSONReader) throws(JSONReader.Failure) -> Input {
    var input = Input()
    try reader.object { (reader, name) throws(JSONReader.Failure) in
      if reader.null() { return }
      switch name {
      case "name": input.name = try reader.string()
      case "datatype": input.datatype = try reader.string()
      case "shape":
        var shape: [Int] = []
        try reader.array { (reader) throws(JSONReader.Failure) in shape.append(try reader.integer()) }
        input.shape = shape
      case "parameters":
        try reader.object { (reader, name) throws(JSONReader.Failure) in
          switch name {
          case "binary_data_size": input.binaryByteCount = try reader.integer()
          case "shared_memory_region": input.unsupportedParameter = try Self.name("shared_memory_region", &reader)
          default: try reader.skip()
          }
        }
      case "data":
        guard input.elementCount == nil else { throw reader.failure("there are data twice") }
        input.elementCount = try elementCount(&reader, depth: 0)
      default: try reader.skip()
      }
    }
    return input
  }

  private static func output(_ reader: inout JSONReader) throws(JSONReader.Failure) -> Output {
    var output = Output()
    try reader.object { (reader, name) throws(JSONReader.Failure) in
      if reader.null() { return }
      switch name {
      case "name": output.name = try reader.string()
      case "parameters":
        try reader.object { (reader, name) throws(JSONReader.Failure) in
          switch name {
          case "binary_data": output.isBinary = try reader.boolean()
          case "classification": output.unsupportedParameter = try Self.name("classification", &reader)
          case "shared_memory_region": output.unsupportedParameter = try Self.name("shared_memory_region", &reader)
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    return output
  }

  private static func name(_ name: String, _ reader: inout JSONReader) throws(JSONReader.Failure) -> String {
    try reader.skip()
    return name
  }

  /// An element is a string, or an object with a string `b64`, the first form of KServe's protocol.
  private static func elementCount(_ reader: inout JSONReader, depth: Int) throws(JSONReader.Failure) -> Int {
    switch reader.upcoming {
    case UInt8(ascii: "[") where depth < 2:
      var count = 0
      try reader.array { (reader) throws(JSONReader.Failure) in count += try elementCount(&reader, depth: depth + 1) }
      return count
    case UInt8(ascii: "\"") where depth > 0:
      _ = try reader.string()
      return 1
    case UInt8(ascii: "{") where depth > 0:
      var count = 0
      try reader.object { (reader, name) throws(JSONReader.Failure) in
        guard case "b64" = name else { throw reader.failure("an image has another member than b64") }
        _ = try reader.string()
        count += 1
      }
      guard count == 1 else { throw reader.failure("an image has no member b64, or two") }
      return 1
    default: throw reader.failure("data is an array of strings, each an image in base64")
    }
  }
}
