import COpenVINO

/// The C API's errors as Swift errors.
enum OpenVINO {
  /// All inference runs on the processor.
  static let device = "CPU"

  struct Failure: Error {
    let text: String
  }

  static func check(_ status: ov_status_e) throws(Failure) {
    guard status != OK else { return }
    let general = ov_get_error_info(status).map { String(cString: $0) } ?? "status \(status.rawValue)"
    guard let detail = ov_get_last_err_msg() else { throw Failure(text: general) }
    defer { ov_free(detail) }
    // The first lines are file names of the runtime's sources; what happened is in the last.
    let lines = String(cString: detail).split(whereSeparator: \.isNewline)
    throw Failure(text: lines.last.map(String.init) ?? general)
  }

  /// Calls a function that returns an object through its last parameter.
  static func make<Object>(
    _ body: (UnsafeMutablePointer<Object?>) -> ov_status_e
  ) throws(Failure) -> Object {
    var object: Object?
    try check(body(&object))
    guard let object else { throw Failure(text: "the runtime returned nothing") }
    return object
  }

  /// Element type and dimensions of a model's input or output; -1 is a dimension left open.
  struct Port: Equatable {
    let elementType: ov_element_type_e
    let dimensions: [Int]

    init(_ port: OpaquePointer) throws(Failure) {
      var type = DYNAMIC
      try check(ov_port_get_element_type(port, &type))
      var shape = ov_partial_shape_t()
      try check(ov_port_get_partial_shape(port, &shape))
      defer { ov_partial_shape_free(&shape) }
      elementType = type
      // A rank left open has no dimensions.
      let rank = shape.rank.min == shape.rank.max && shape.dims != nil ? Int(shape.rank.max) : 0
      dimensions = (0..<rank).map { shape.dims[$0].min == shape.dims[$0].max ? Int(shape.dims[$0].max) : -1 }
    }
  }
}
