import COpenVINO

/// Puts in front of a model what it needs to take 8-bit RGB rows: conversion to floats, normalisation, the order of
/// channels and dimensions. The runtime compiles these steps into the model, where they cost next to nothing.
struct ModelAdapter {
  /// The caller's, and alive as long as this.
  private let model: OpaquePointer
  private let description: Model
  private let layout: Model.Layout
  private let takesBytes: Bool

  init(_ model: OpaquePointer, _ description: Model) throws(OpenVINO.Failure) {
    self.model = model
    self.description = description
    let inputPort = try OpenVINO.make { ov_model_const_input(model, $0) }
    defer { ov_output_const_port_free(inputPort) }
    let input = try OpenVINO.Port(inputPort)
    takesBytes = input.elementType == U8
    let dimensions = input.dimensions
    guard dimensions.count == 4 else {
      throw OpenVINO.Failure(text: "its input has \(dimensions.count) dimensions; an image needs four")
    }
    guard
      let layout = description.layout ?? (dimensions[3] == 3 ? .rowsFirst : dimensions[1] == 3 ? .channelsFirst : nil)
    else {
      throw OpenVINO.Failure(text: "its input \(dimensions) does not tell its layout; say it in model.json")
    }
    self.layout = layout
    // Batch and size may be left open by the file; an inference takes one image of one size.
    let open = layout == .rowsFirst ? dimensions[1...2] : dimensions[2...3]
    let known = open.filter { $0 > 0 }
    let side = known.first ?? description.inputSize ?? ModelAdapter.customarySide
    let shape = layout == .rowsFirst ? [1, side, side, 3] : [1, 3, side, side]
    guard zip(dimensions, shape).allSatisfy({ $0 == $1 || $0 < 0 || ($0 > 1 && $1 == 1) }) else {
      throw OpenVINO.Failure(text: "its input \(dimensions) is not a square of three channels")
    }
    if dimensions != shape { try ModelAdapter.reshape(model, to: shape) }
  }

  /// Makes an adapted model take several images at once. Fails when a layer's shape is fixed to one.
  static func reshape(_ adapted: OpaquePointer, forBatchesOf batchSize: Int) throws(OpenVINO.Failure) {
    let inputPort = try OpenVINO.make { ov_model_const_input(adapted, $0) }
    defer { ov_output_const_port_free(inputPort) }
    try reshape(adapted, to: [batchSize] + OpenVINO.Port(inputPort).dimensions.dropFirst())
  }

  private static func reshape(_ model: OpaquePointer, to shape: [Int]) throws(OpenVINO.Failure) {
    var partial = ov_partial_shape_t()
    try OpenVINO.check(ov_partial_shape_create_static(Int64(shape.count), shape.map(Int64.init), &partial))
    defer { ov_partial_shape_free(&partial) }
    try OpenVINO.check(ov_model_reshape_single_input(model, partial))
  }

  /// What most ImageNet classifiers take.
  private static let customarySide = 224

  /// A new model; the caller frees it.
  func adapted() throws(OpenVINO.Failure) -> OpaquePointer {
    let preprocessor = try OpenVINO.make { ov_preprocess_prepostprocessor_create(model, $0) }
    defer { ov_preprocess_prepostprocessor_free(preprocessor) }
    try adaptInput(of: preprocessor)
    try adaptOutput(of: preprocessor)
    return try OpenVINO.make { ov_preprocess_prepostprocessor_build(preprocessor, $0) }
  }

  private func adaptInput(of preprocessor: OpaquePointer) throws(OpenVINO.Failure) {
    let input = try OpenVINO.make { ov_preprocess_prepostprocessor_get_input_info(preprocessor, $0) }
    defer { ov_preprocess_input_info_free(input) }

    let tensor = try OpenVINO.make { ov_preprocess_input_info_get_tensor_info(input, $0) }
    defer { ov_preprocess_input_tensor_info_free(tensor) }
    try OpenVINO.check(ov_preprocess_input_tensor_info_set_element_type(tensor, U8))
    try withLayout(.rowsFirst) { ov_preprocess_input_tensor_info_set_layout(tensor, $0) }

    let own = try OpenVINO.make { ov_preprocess_input_info_get_model_info(input, $0) }
    defer { ov_preprocess_input_model_info_free(own) }
    try withLayout(layout) { ov_preprocess_input_model_info_set_layout(own, $0) }

    let steps = try OpenVINO.make { ov_preprocess_input_info_get_preprocess_steps(input, $0) }
    defer { ov_preprocess_preprocess_steps_free(steps) }
    if description.colours == .bgr { try OpenVINO.check(ov_preprocess_preprocess_steps_reverse_channels(steps)) }
    guard !takesBytes else { return }
    let (mean, scale) = (description.mean, description.scale)
    try OpenVINO.check(ov_preprocess_preprocess_steps_convert_element_type(steps, F32))
    try OpenVINO.check(ov_preprocess_preprocess_steps_mean_multi_channels(steps, mean, Int32(mean.count)))
    try OpenVINO.check(ov_preprocess_preprocess_steps_scale_multi_channels(steps, scale, Int32(scale.count)))
  }

  private func adaptOutput(of preprocessor: OpaquePointer) throws(OpenVINO.Failure) {
    let output = try OpenVINO.make { ov_preprocess_prepostprocessor_get_output_info(preprocessor, $0) }
    defer { ov_preprocess_output_info_free(output) }
    let tensor = try OpenVINO.make { ov_preprocess_output_info_get_tensor_info(output, $0) }
    defer { ov_preprocess_output_tensor_info_free(tensor) }
    try OpenVINO.check(ov_preprocess_output_set_element_type(tensor, F32))
  }

  private func withLayout(
    _ layout: Model.Layout, _ body: (OpaquePointer) -> ov_status_e
  ) throws(OpenVINO.Failure) {
    let object = try OpenVINO.make { ov_layout_create(layout.rawValue, $0) }
    defer { ov_layout_free(object) }
    try OpenVINO.check(body(object))
  }
}
