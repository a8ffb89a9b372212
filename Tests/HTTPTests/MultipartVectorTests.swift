import Foundation
import HTTP
import Testing

/// The cases of python-multipart, read from beside the checkout.
@Suite("The cases of python-multipart")
struct MultipartVectorTests {
  struct Vector: Decodable {
    struct Part: Decodable {
      struct Content: Decodable { let b64: Data }
      let name: String
      let fileName: String?
      let data: Content

      enum CodingKeys: String, CodingKey {
        case name, data
        case fileName = "file_name"
      }
    }

    enum Expectation: Decodable {
      case parts([Part])
      case error

      init(from decoder: any Decoder) throws {
        if let parts = try? decoder.singleValueContainer().decode([Part].self) {
          self = .parts(parts)
        } else {
          // The number is the offset at which that parser noticed.
          _ = try decoder.singleValueContainer().decode([String: Int].self)
          self = .error
        }
      }
    }

    let id: String
    let boundary: String
    let body: Data
    let expected: Expectation

    enum CodingKeys: String, CodingKey {
      case id, boundary, expected
      case body = "body_b64"
    }
  }

  /// Where RFC 7578 and that parser disagree, the RFC is followed.
  static let disagreements: [String: MultipartOutcome] = [
    // It decodes base64 and quoted-printable. RFC 7578 4.7 has senders not use them; we refuse them rather than store
    // encoded text as an image.
    "base64_encoding": .init(parts: [], error: .unsupportedTransferEncoding("base64")),
    "mixed_case_headers": .init(parts: [], error: .unsupportedTransferEncoding("base64")),
    "mixed_plain_and_base64_encoding": .init(parts: [], error: .unsupportedTransferEncoding("base64")),
    "quoted_printable_encoding": .init(parts: [], error: .unsupportedTransferEncoding("quoted-printable")),
    // Its first boundary is misspelt. RFC 2046 5.1.1 makes all before the first true one a preamble to be ignored, and
    // the first true one is the closing one: a form without parts.
    "bad_initial_boundary": .init(parts: [], error: nil),
    // The boundary is said to be `--boundary`, so its lines start with four dashes (RFC 2046 5.1.1); the body has two.
    // `MultipartParserTests` has the same body with the boundary that it uses.
    "single_field_blocks": .init(parts: [], error: .missingFirstBoundary),
  ]

  static func load() throws -> [Vector]? {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = root.appendingPathComponent("../shared/vectors/multipart.json").standardizedFileURL
    guard let data = try? Data(contentsOf: file) else {
      print("skipped: there are no vectors at ../shared/vectors/multipart.json")
      return nil
    }
    return try JSONDecoder().decode([Vector].self, from: data)
  }

  @Test("every case, whole, in halves at every byte, and byte by byte")
  func vectors() throws {
    guard let vectors = try Self.load() else { return }
    #expect(vectors.count >= 30)
    var disagreements = Self.disagreements
    for vector in vectors {
      let name = String(vector.id.split(separator: " ").last ?? "")
      let body = Array(vector.body)
      let outcome = try multipartOutcome(body, boundary: vector.boundary)
      for cut in 0...body.count {
        #expect(try multipartOutcome(body, boundary: vector.boundary, cuts: [cut]) == outcome, "\(name), cut at \(cut)")
      }
      #expect(try multipartOutcome(body, boundary: vector.boundary, cuts: Array(1..<body.count)) == outcome)

      if let ours = disagreements.removeValue(forKey: name) {
        #expect(outcome.error == ours.error, "\(name)")
        continue
      }
      switch vector.expected {
      case .error:
        #expect(outcome.error != nil, "\(name)")
      case .parts(let parts):
        #expect(outcome.error == nil, "\(name)")
        #expect(outcome.parts.map(\.name) == parts.map(\.name), "\(name)")
        #expect(outcome.parts.map(\.fileName) == parts.map(\.fileName), "\(name)")
        #expect(outcome.parts.map(\.content) == parts.map { Array($0.data.b64) }, "\(name)")
      }
    }
    #expect(disagreements.isEmpty)
  }
}
