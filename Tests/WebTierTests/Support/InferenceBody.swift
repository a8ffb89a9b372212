import AWS
import Foundation

/// A request of the Open Inference Protocol, well formed or not.
struct InferenceBody {
  /// What stands around the data.
  var name = "image"
  var datatype = "BYTES"
  var shape: [Int] = [1]
  /// More members of the request, each with its comma: `, "id": "1"`.
  var extra = ""

  private func json(_ rest: String) -> String {
    "{\"inputs\": [{\"name\": \"\(name)\", \"shape\": \(shape), \"datatype\": \"\(datatype)\", \(rest)}]\(extra)}"
  }

  /// The images in JSON, as base64.
  func text(_ images: [[UInt8]], element: (String) -> String = { "\"\($0)\"" }) -> [UInt8] {
    Array(json("\"data\": [\(images.map { element(Base64.encode($0)) }.joined(separator: ", "))]").utf8)
  }

  /// The JSON of images that follow it.
  /// - Parameter byteCount: Of the tensor, as the JSON says.
  func header(byteCount: Int) -> [UInt8] {
    Array(json("\"parameters\": {\"binary_data_size\": \(byteCount)}").utf8)
  }

  static func tensor(_ images: [[UInt8]]) -> [UInt8] { images.flatMap { length($0.count) + $0 } }

  static func length(_ byteCount: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(byteCount).littleEndian) { Array($0) }
  }

  /// A whole request in the binary form.
  func binary(
    _ images: [[UInt8]], byteCount: Int? = nil, to path: String = "/v2/models/m/infer", headers: String = ""
  ) -> [UInt8] {
    let tensor = InferenceBody.tensor(images)
    let header = header(byteCount: byteCount ?? tensor.count)
    return Request.post(
      header + tensor, to: path, type: nil, headers: "Inference-Header-Content-Length: \(header.count)\r\n\(headers)")
  }
}
