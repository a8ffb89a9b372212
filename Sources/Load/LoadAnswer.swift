import Foundation

/// What a response says of an image: a label in plain text, or the JSON of `/v1/images`.
package struct LoadAnswer: Sendable, Equatable {
  package struct Class: Sendable, Equatable {
    package var label: String
    package var wordNetID: String?
  }

  /// Best first. In plain text there is one.
  package var classes: [Class]
  /// Whether it names more than the first.
  package var hasRanks: Bool

  private struct Body: Decodable {
    struct Candidate: Decodable {
      var label: String
      var wnid: String?
    }

    var label: String
    var top: [Candidate]?
  }

  /// - Returns: Nil when it is neither.
  package init?(contentType: String?, body: [UInt8]) {
    let type = contentType?.lowercased() ?? ""
    if type.hasPrefix("application/json") {
      guard let answer = try? JSONDecoder().decode(Body.self, from: Data(body)) else { return nil }
      let top = answer.top?.map { Class(label: $0.label, wordNetID: $0.wnid) } ?? []
      hasRanks = top.count > 1
      classes = top.isEmpty ? [Class(label: answer.label)] : top
    } else {
      guard type.isEmpty || type.hasPrefix("text/plain") else { return nil }
      let text = String(decoding: body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      guard !text.isEmpty else { return nil }
      hasRanks = false
      classes = [Class(label: text)]
    }
  }

  /// The stable code of a problem (RFC 9457), if the body is one.
  static func problemCode(contentType: String?, body: [UInt8]) -> String? {
    struct Body: Decodable { var code: String? }
    guard contentType?.lowercased().hasPrefix("application/problem+json") ?? false else { return nil }
    return (try? JSONDecoder().decode(Body.self, from: Data(body)))?.code
  }
}
