import COpenVINO

/// A model made ready for this processor, taking 8-bit RGB pixels and giving one float a class.
///
/// Not changed after `init`; the C API allows requests to be made from it on any thread.
final class CompiledModel: @unchecked Sendable {
  let inputSide: Int
  let classCount: Int
  /// What the runtime settled on: "bf16" or "f32" as a rule.
  let precision: String
  /// How many images an inference takes.
  let batchSize: Int

  private let core: OpaquePointer
  private let compiled: OpaquePointer

  /// - Parameter batchSize: more than one fails for a model that treats images together, or says so nowhere.
  init(_ model: Model, options: ClassifierOptions, batchSize: Int = 1) throws(ClassifierError) {
    self.batchSize = batchSize
    let cache = options.cacheDirectory.map { CompiledModelCache(in: $0, for: model.path) }
    do { core = try OpenVINO.make { ov_core_create($0) } } catch { throw .runtime(error.text) }
    do {
      try CompiledModel.configure(core, options, cache)
    } catch {
      ov_core_free(core)
      throw .runtime(error.text)
    }
    do {
      compiled = try CompiledModel.compile(core, model, batchSize)
      cache?.removeFormerStates()
    } catch {
      ov_core_free(core)
      throw error
    }
    do {
      (inputSide, classCount) = try CompiledModel.shape(of: compiled, model, batchSize)
      precision = try CompiledModel.property("INFERENCE_PRECISION_HINT", of: compiled)
    } catch {
      ov_compiled_model_free(compiled)
      ov_core_free(core)
      throw .model(path: model.path, reason: error.text)
    }
  }

  deinit {
    ov_compiled_model_free(compiled)
    ov_core_free(core)
  }

  func makeRequest() throws(OpenVINO.Failure) -> InferRequest { try InferRequest(compiled, batchSize: batchSize) }

  private static func configure(
    _ core: OpaquePointer, _ options: ClassifierOptions, _ cache: CompiledModelCache?
  ) throws(OpenVINO.Failure) {
    var properties: [(String, String)] = [
      ("PERFORMANCE_HINT", "THROUGHPUT"),
      ("NUM_STREAMS", "\(options.concurrency)"),
      // A stream a core, a thread a stream: several images at once beat one image on several cores.
      ("INFERENCE_NUM_THREADS", "\(options.concurrency)"),
      // Pinning would put the first stream of every process on this machine on the same core.
      ("ENABLE_CPU_PINNING", "NO"),
    ]
    switch options.precision {
    case .automatic, .int8: break
    case .bfloat16, .float32: properties.append(("INFERENCE_PRECISION_HINT", options.precision.rawValue))
    }
    for (key, value) in properties {
      try OpenVINO.check(saccade_ov_set_property(core, OpenVINO.device, key, value))
    }
    if let directory = cache?.directory {
      try OpenVINO.check(saccade_ov_set_property(core, OpenVINO.device, "CACHE_DIR", directory))
    }
  }

  private static func compile(
    _ core: OpaquePointer, _ model: Model, _ batchSize: Int
  ) throws(ClassifierError) -> OpaquePointer {
    do {
      if batchSize == 1, model.elementType == "u8", model.layout == .rowsFirst, model.colours == .rgb {
        return try OpenVINO.make { saccade_ov_compile_file(core, model.path, OpenVINO.device, $0) }
      }
      let read = try OpenVINO.make { ov_core_read_model(core, model.path, nil, $0) }
      defer { ov_model_free(read) }
      let adapted = try ModelAdapter(read, model).adapted()
      defer { ov_model_free(adapted) }
      if batchSize > 1 { try ModelAdapter.reshape(adapted, forBatchesOf: batchSize) }
      return try OpenVINO.make { saccade_ov_compile(core, adapted, OpenVINO.device, $0) }
    } catch {
      throw .model(path: model.path, reason: error.text)
    }
  }

  private static func shape(
    of compiled: OpaquePointer, _ model: Model, _ batchSize: Int
  ) throws(OpenVINO.Failure) -> (inputSide: Int, classCount: Int) {
    let inputPort = try OpenVINO.make { ov_compiled_model_input(compiled, $0) }
    defer { ov_output_const_port_free(inputPort) }
    let outputPort = try OpenVINO.make { ov_compiled_model_output(compiled, $0) }
    defer { ov_output_const_port_free(outputPort) }
    let (input, output) = (try OpenVINO.Port(inputPort), try OpenVINO.Port(outputPort))
    let dimensions = input.dimensions
    guard input.elementType == U8, dimensions.count == 4, dimensions[0] == batchSize, dimensions[3] == 3,
      dimensions[1] == dimensions[2], (1...Model.inputSizeMax).contains(dimensions[1])
    else {
      throw OpenVINO.Failure(text: "its input \(dimensions) is not one square of 8-bit RGB pixels")
    }
    if let expected = model.inputSize, expected != dimensions[1] {
      throw OpenVINO.Failure(text: "its input is \(dimensions[1]) pixels wide, its description says \(expected)")
    }
    let perImage = batchSize == 1 ? output.dimensions : Array(output.dimensions.dropFirst())
    let classCount = perImage.reduce(1, *)
    guard output.elementType == F32, !output.dimensions.isEmpty, output.dimensions.allSatisfy({ $0 > 0 }),
      perImage.filter({ $0 > 1 }).count <= 1, batchSize == 1 || output.dimensions[0] == batchSize
    else {
      throw OpenVINO.Failure(text: "its output \(output.dimensions) is not one number a class")
    }
    return (dimensions[1], classCount)
  }

  private static func property(_ key: String, of compiled: OpaquePointer) throws(OpenVINO.Failure) -> String {
    let value = try OpenVINO.make { ov_compiled_model_get_property(compiled, key, $0) }
    defer { ov_free(value) }
    return String(cString: value)
  }
}
