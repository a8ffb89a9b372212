import FoundationEssentials

/// A model file and what is known of it: `model.json` beside it, where there is one.
///
/// Every key of the JSON is optional. What it leaves open is taken from the model's own input, and else from the
/// customs of ImageNet classifiers.
package struct Model: Sendable, Equatable {
  /// The order of the input's dimensions.
  package enum Layout: String, Sendable, Codable {
    case rowsFirst = "NHWC"
    case channelsFirst = "NCHW"
  }

  /// The order of the colour channels that the model was trained with.
  package enum Colours: String, Sendable, Codable {
    case rgb = "RGB"
    case bgr = "BGR"
  }

  /// What the output's numbers are; logits still need a softmax.
  package enum Output: String, Sendable, Codable {
    case probabilities
    case logits
  }

  /// The OpenVINO IR (`.xml`, weights in the `.bin` beside it) or ONNX file.
  package private(set) var path: String
  package let labelsPath: String
  /// Part of every answer: which model said so. 1 to ``nameByteCountMax`` bytes.
  package let name: String
  /// Part of every answer too: which state of it. 1 to ``nameByteCountMax`` bytes.
  package let version: String?
  /// Side of the input square in pixels.
  package let inputSize: Int?
  /// What a picture's shorter side is resized to before the square is cut out.
  package let resizeShorterSide: Int?
  package let layout: Layout?
  /// "u8" when the model normalises its input itself.
  package let elementType: String?
  package let colours: Colours
  /// Subtracted from the 8-bit values, one a channel; only for models that take floating-point input.
  package let mean: [Float]
  /// What the difference is then divided by.
  package let scale: [Float]
  package let output: Output?

  /// - Parameters:
  ///   - labelsPath: by default `labels.txt` in the model's directory.
  ///   - name: by default what the description says, else the file's name without its extension.
  package init(path: String, labelsPath: String? = nil, name: String? = nil) throws(ClassifierError) {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { String(path[...$0]) } ?? ""
    let fileName = slash.map { path[path.index(after: $0)...] } ?? path[...]
    let stem = fileName.lastIndex(of: ".").map { fileName[..<$0] } ?? fileName
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw .model(path: path, reason: "the file does not exist or cannot be read")
    }
    let description = try Description(besides: directory + "model.json")
    self.path = path
    self.labelsPath = labelsPath ?? directory + "labels.txt"
    self.name = name ?? description.name ?? String(stem)
    version = description.version
    inputSize = description.inputSize
    resizeShorterSide = description.resizeShorterSide
    layout = description.layout
    elementType = description.elementType
    colours = description.colours ?? .rgb
    // ImageNet's mean and standard deviation, as torchvision's models are trained, in 8-bit units.
    mean = description.mean ?? [123.675, 116.28, 103.53]
    scale = description.scale ?? [58.395, 57.12, 57.375]
    output = description.output
  }
}

extension Model {
  /// The same model with 8-bit convolutions: `model-int8.xml` beside `model.xml`.
  func quantised() throws(ClassifierError) -> Model {
    let dot = path.lastIndex(of: ".") ?? path.endIndex
    var quantised = self
    quantised.path = path[..<dot] + "-int8" + path[dot...]
    guard FileManager.default.isReadableFile(atPath: quantised.path) else {
      throw .model(path: path, reason: "its int8 form, \(quantised.path), does not exist or cannot be read")
    }
    return quantised
  }

  /// Of a name and a version: a UUID or a Git hash twice over, and little in an answer of at most 16 KiB.
  package static let nameByteCountMax = 128
  /// The largest input that a description may ask for; a guard against typing errors.
  static let inputSizeMax = 4096

  /// `model.json` as written.
  private struct Description: Decodable {
    var name: String?
    var version: String?
    var inputSize: Int?
    var resizeShorterSide: Int?
    var layout: Layout?
    var elementType: String?
    var colours: Colours?
    var mean: [Float]?
    var scale: [Float]?
    var output: Output?

    /// All nil when there is no such file.
    init(besides path: String) throws(ClassifierError) {
      guard let data = FileManager.default.contents(atPath: path) else { return }
      do {
        self = try JSONDecoder().decode(Description.self, from: data)
      } catch let error as DecodingError {
        throw .model(path: path, reason: Description.reason(error))
      } catch {
        throw .model(path: path, reason: "\(error)")
      }
      for (key, value) in [("name", name), ("version", version)] {
        guard let value, !(1...Model.nameByteCountMax).contains(value.utf8.count) else { continue }
        throw .model(path: path, reason: "\(key) must have 1 to \(Model.nameByteCountMax) bytes")
      }
      if let inputSize, !(1...Model.inputSizeMax).contains(inputSize) {
        throw .model(path: path, reason: "inputSize must be in 1…\(Model.inputSizeMax)")
      }
      if let resizeShorterSide, !((inputSize ?? 1)...Model.inputSizeMax).contains(resizeShorterSide) {
        throw .model(path: path, reason: "resizeShorterSide must be in inputSize…\(Model.inputSizeMax)")
      }
      for (key, values) in [("mean", mean), ("scale", scale)] {
        guard let values else { continue }
        guard values.count == 3, values.allSatisfy(\.isFinite), key == "mean" || !values.contains(0) else {
          throw .model(path: path, reason: "\(key) must have three numbers, one a channel")
        }
      }
    }

    private static func reason(_ error: DecodingError) -> String {
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
        .dataCorrupted(let context):
        let key = context.codingPath.map(\.stringValue).joined(separator: ".")
        return key.isEmpty ? "it is not valid JSON" : "the value of \(key) is not valid"
      @unknown default: return "it is not valid"
      }
    }
  }
}
