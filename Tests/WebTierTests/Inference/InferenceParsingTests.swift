import AWS
import EventLoop
import TestSupport
import Testing

@testable import WebTier

extension WebTierTests {
  @Suite("Reading inference requests")
  struct InferenceParsingTests {
    /// What a parser shows of a tensor's elements.
    @LoopActor final class Recorder: TensorVisitor {
      private(set) var elements: [[UInt8]] = []
      private(set) var endCount = 0
      private(set) var predictions: [Int?] = []

      func elementBegan(byteCount: Int?) {
        predictions.append(byteCount)
        elements.append([])
      }

      func elementReceived(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { elements[elements.count - 1].append(contentsOf: $0) }
      }

      func elementEnded() { endCount += 1 }
    }

    static let images = [photograph(300, seed: 1), photograph(301, seed: 2), photograph(302, seed: 3)]

    @LoopActor static func failure(_ body: () throws(SubmissionError) -> Void) -> InferenceError? {
      do throws(SubmissionError) { try body() } catch {
        if case .inference(let error) = error { return error }
        Issue.record("\(error)")
      }
      return nil
    }

    // MARK: Binary

    @Test("a binary tensor split at every byte is still its elements")
    func splitTensor() async throws {
      try await onLoop {
        let bytes = InferenceBody.tensor(Self.images)
        for place in 0...bytes.count {
          let recorder = Recorder()
          var parser = BinaryTensorParser(elementCount: 3, byteCount: bytes.count)
          try parser.consume(Array(bytes[..<place]).span, recorder)
          try parser.consume(Array(bytes[place...]).span, recorder)
          try parser.finish()
          #expect(recorder.elements == Self.images && recorder.endCount == 3)
          #expect(recorder.predictions == [300, 301, 302])
        }
      }
    }

    @Test("a binary tensor byte by byte, and one with an empty element")
    func tinyPieces() async throws {
      try await onLoop {
        let images = [[1], [], [2, 3]] as [[UInt8]]
        let bytes = InferenceBody.tensor(images)
        let recorder = Recorder()
        var parser = BinaryTensorParser(elementCount: 3, byteCount: bytes.count)
        for byte in bytes { try parser.consume([byte].span, recorder) }
        try parser.finish()
        #expect(recorder.elements == images && recorder.endCount == 3)
      }
    }

    @Test("no length is believed further than the tensor's bytes reach")
    func lyingLengths() async throws {
      try await onLoop {
        let long: [(bytes: [UInt8], elementCount: Int, byteCount: Int)] = [
          ([0xFF, 0xFF, 0xFF, 0xFF, 1], 1, 5), ([2, 0, 0, 0, 1], 1, 5), ([0, 0, 0, 0x80], 1, 4),
          // More elements than the shape has; more bytes than the size says.
          (InferenceBody.tensor([[1], [2]]), 1, 10), (InferenceBody.tensor([[1], [2]]), 2, 9), ([1], 1, 0),
        ]
        for (bytes, elementCount, byteCount) in long {
          var parser = BinaryTensorParser(elementCount: elementCount, byteCount: byteCount)
          let error = Self.failure { () throws(SubmissionError) in try parser.consume(bytes.span, Recorder()) }
          guard case .sizeMismatch = error else {
            Issue.record("\(bytes): \(String(describing: error))")
            continue
          }
        }
        let short: [(bytes: [UInt8], elementCount: Int, byteCount: Int)] = [
          ([], 1, 0), ([1, 0, 0], 1, 5), ([1, 0, 0, 0], 1, 5), ([1, 0], 1, 2), (InferenceBody.tensor([[1]]), 2, 5),
          (InferenceBody.tensor([[1]]) + [0], 2, 6),
        ]
        for (bytes, elementCount, byteCount) in short {
          var parser = BinaryTensorParser(elementCount: elementCount, byteCount: byteCount)
          try parser.consume(bytes.span, Recorder())
          guard case .sizeMismatch = Self.failure({ () throws(SubmissionError) in try parser.finish() }) else {
            Issue.record("\(bytes) are taken for a whole tensor")
            continue
          }
        }
      }
    }

    // MARK: JSON

    @Test("images in JSON split at every byte are still the images, and the rest is kept")
    func splitJSON() async throws {
      try await onLoop {
        for element in ["\"@\"", "[\"@\"]", "{\"b64\": \"@\"}"] {
          let body = InferenceBody(shape: [3], extra: ", \"id\": \"a \\\" b\"").text(Self.images) {
            element.replacing("@", with: $0.replacing("/", with: "\\/"))
          }
          for place in 0...body.count {
            let recorder = Recorder()
            var scanner = InferenceScanner(byteCountMax: 1000)
            try scanner.consume(Array(body[..<place]).span, recorder)
            try scanner.consume(Array(body[place...]).span, recorder)
            #expect(recorder.elements == Self.images && recorder.endCount == 3)
            let request = try InferenceRequest(parsing: scanner.skeleton, hasData: true)
            #expect(request.id == "a \" b" && request.imageCount == 3)
          }
        }
      }
    }

    @Test("only strings in data are images")
    func otherStrings() async throws {
      try await onLoop {
        let texts = [
          #"{"data": ["AAAA"], "inputs": [{"name": "data", "datatype": "data", "other": {"data": ["AAAA"]}}]}"#,
          #"{"inputs": ["data", {"data": "AAAA"}], "x": [{"data": ["AAAA"]}]}"#,
          #"{"inputs": {"data": ["AAAA"]}}"#, #"["inputs", [{"data": ["AAAA"]}]]"#,
          #"{"inputs": [{"data": [{"x": "AAAA"}]}]}"#, #"{"inputs": [{"\u0064ata": ["AAAA"]}]}"#,
        ]
        for text in texts {
          let recorder = Recorder()
          var scanner = InferenceScanner(byteCountMax: 1000)
          try scanner.consume(Array(text.utf8).span, recorder)
          #expect(recorder.elements.isEmpty, "\(text)")
          #expect(scanner.skeleton == Array(text.utf8))
        }
      }
    }

    @Test("what is not base64 is told from what is")
    func base64() async throws {
      try await onLoop {
        for length in 0...64 {
          let image = Array(photograph(64).suffix(length))
          let recorder = Recorder()
          var scanner = InferenceScanner(byteCountMax: 1000)
          try scanner.consume(InferenceBody().text([image]).span, recorder)
          #expect(recorder.elements == [image])
        }
        for text in [
          "A", "AA", "AAA", "AA=", "A===", "AAAA=", "AB==", "AAB=", "AA==AA==", "AA\\n==", "A-_A", "AA A", "é",
        ] {
          var scanner = InferenceScanner(byteCountMax: 1000)
          let body = Array(#"{"inputs": [{"data": ["\#(text)"]}]}"#.utf8)
          let error = Self.failure { () throws(SubmissionError) in try scanner.consume(body.span, Recorder()) }
          #expect(error == .malformedBase64, "\(text)")
        }
      }
    }

    @Test("what is kept is bounded, in bytes and in depth")
    func bounds() async throws {
      try await onLoop {
        for text in [String(repeating: " ", count: 1001), "{\"\(String(repeating: "a", count: 1000))\""] {
          var scanner = InferenceScanner(byteCountMax: 1000)
          let error = Self.failure { () throws(SubmissionError) in
            try scanner.consume(Array(text.utf8).span, Recorder())
          }
          #expect(error == .tooMuchJSON(byteCountMax: 1000))
        }
        var scanner = InferenceScanner(byteCountMax: 1000)
        let brackets = Array(String(repeating: "[", count: 500).utf8)
        let error = Self.failure { () throws(SubmissionError) in try scanner.consume(brackets.span, Recorder()) }
        if case .malformed = error { return }
        Issue.record("\(String(describing: error))")
      }
    }

    // MARK: What a request may say

    @Test("each mistake in a request is told by its name")
    func mistakes() throws {
      func error(_ json: String, hasData: Bool = true) -> String {
        do throws(InferenceError) { _ = try InferenceRequest(parsing: Array(json.utf8), hasData: hasData) } catch {
          return String("\(error)".prefix { $0 != "(" })
        }
        return "none"
      }
      func input(_ members: String) -> String { "{\"inputs\": [{\(members)}]}" }
      let good = #""name": "image", "shape": [1], "datatype": "BYTES""#
      let data = good + #", "data": [""]"#
      #expect(error(input(data)) == "none")
      #expect(error(input(good + #", "parameters": {"binary_data_size": 0}"#), hasData: false) == "none")
      #expect(error(input(data + #", "parameters": null"#)) == "none")
      for json in [
        "", "[]", "{}", "{\"inputs\": []}", "{\"inputs\": null}", input(""), input(good), input(data) + "x",
        input(#""name": 1, "shape": [1], "datatype": "BYTES", "data": [""]"#),
        input(good.replacing("[1]", with: "[1.0]") + #", "data": [""]"#),
        input(good.replacing("[1]", with: "[99999999999999999999]") + #", "data": [""]"#),
        input(good + #", "data": """#), input(good + #", "data": [1]"#), input(good + #", "data": [[[[""]]]]"#),
        input(good + #", "data": [{}]"#), input(good + #", "data": [{"b64": "", "b64": ""}]"#),
        input(data + #", "data": [""]"#), #"{"inputs": [], "inputs": []}"#,
        #"{"inputs": [{\#(data)}], "outputs": [{}]}"#,
        #"{"inputs": [{\#(data)}], "outputs": [{"name": "label"}, {"name": "label"}]}"#,
      ] {
        #expect(error(json) == "malformed", "\(json)")
      }
      for json in [
        "{\"inputs\": [{\(data)}, {\(data)}]}", input(data.replacing("image", with: "input-0")),
        input(data.replacing("BYTES", with: "UINT8")), input(data.replacing("[1]", with: "[]")),
        input(data.replacing("[1]", with: "[0]")), input(data.replacing("[1]", with: "[-1]")),
        input(data.replacing("[1]", with: "[1, 2]")), input(data.replacing("[1]", with: "[1, 1, 1]")),
        input(data + #", "parameters": {"binary_data_size": 4}"#),
      ] {
        #expect(error(json) == "unsuitableInput", "\(json)")
      }
      #expect(error(input(data), hasData: false) == "unsuitableInput")
      #expect(error(input(good), hasData: false) == "unsuitableInput")
      #expect(error(input(good + #", "parameters": {"binary_data_size": -4}"#), hasData: false) == "unsuitableInput")
      #expect(error(input(data.replacing("[1]", with: "[2]"))) == "sizeMismatch")
      #expect(error(#"{"inputs": [{\#(data)}], "outputs": [{"name": "logits"}]}"#) == "unknownOutput")
      for parameter in ["classification", "shared_memory_region"] {
        let json = #"{"inputs": [{\#(data)}], "outputs": [{"name": "label", "parameters": {"\#(parameter)": 1}}]}"#
        #expect(error(json) == "unsupportedParameter")
      }
      #expect(error(input(good + #", "parameters": {"shared_memory_region": "x"}"#)) == "unsupportedParameter")
    }

    @Test("outputs are as asked for, each in its form")
    func outputs() throws {
      let input = #"{"inputs": [{"name": "image", "shape": [1, 1], "datatype": "BYTES", "data": [[""]]}]"#
      func outputs(_ rest: String) throws -> [String] {
        try InferenceRequest(parsing: Array((input + rest + "}").utf8), hasData: true).outputs
          .map { "\($0.output.rawValue)\($0.isBinary ? "!" : "")" }
      }
      let all = InferenceOutput.allCases.map(\.rawValue)
      #expect(try outputs("") == all)
      #expect(try outputs(#", "outputs": []"#) == all)
      #expect(try outputs(#", "parameters": {"binary_data_output": true, "x": [1]}"#) == all.map { $0 + "!" })
      let two = #", "outputs": [{"name": "id", "parameters": {"binary_data": %}}, {"name": "label"}]"#
      #expect(try outputs(two.replacing("%", with: "true")) == ["id!", "label"])
      #expect(
        try outputs(two.replacing("%", with: "false") + #", "parameters": {"binary_data_output": true}"#)
          == ["id", "label!"])
    }

    @Test("paths of the protocol are taken apart, and no others")
    func paths() {
      let model = InferencePath.model(name: "a.b", version: nil, .metadata)
      let paths: [(String, InferencePath?)] = [
        ("/v2", .server), ("/v2/health/live", .live), ("/v2/health/ready", .ready), ("/v2/models/a.b", model),
        ("/v2/models/a%2Eb", model), ("/v2/models/a/ready", .model(name: "a", version: nil, .readiness)),
        ("/v2/models/a/infer", .model(name: "a", version: nil, .inference)),
        ("/v2/models/a/versions/1", .model(name: "a", version: "1", .metadata)),
        ("/v2/models/a/versions/1/ready", .model(name: "a", version: "1", .readiness)),
        ("/v2/models/a/versions/%31/infer", .model(name: "a", version: "1", .inference)),
        ("/v2/models//infer", .model(name: "", version: nil, .inference)),
        ("/v2/", nil), ("/v2x", nil), ("/v2/health", nil), ("/v2/health/live/", nil), ("/v2/models", nil),
        ("/v2/models/a/versions", nil), ("/v2/models/a/b", nil), ("/v2/models/a/infer/", nil),
        ("/v2/models/a/versions/1/b", nil), ("/v2/models/%zz", nil), ("/v2/models/%FF/infer", nil), ("/", nil),
      ]
      for (path, expected) in paths { #expect(InferencePath(path) == expected, "\(path)") }
    }
  }
}
