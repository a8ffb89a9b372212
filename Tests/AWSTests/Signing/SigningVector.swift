import AWS
import Foundation
import Testing

/// One folder of AWS's signing test suite (aws-c-auth), which is data beside the repository, not in it.
struct SigningVector: CustomTestStringConvertible, Sendable {
  enum Variant: String, CaseIterable, Sendable { case header, query }

  let name: String
  let variant: Variant
  let request: SigV4.Request
  /// Everything of the request after the headers.
  let body: String
  let context: Context
  let canonicalRequest: String
  let stringToSign: String
  let signature: String
  let signedRequest: String

  var testDescription: String { "\(name), \(variant.rawValue)" }

  struct Context: Decodable, Sendable {
    struct Keys: Decodable, Sendable {
      let accessKeyId: String
      let secretAccessKey: String
      let token: String?
    }
    let credentials: Keys
    let expirationInSeconds: Int
    let normalize: Bool
    let region: String
    let service: String
    let signBody: Bool
    let timestamp: String
    let omitSessionToken: Bool?
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "shared/vectors/sigv4")

  static let isPresent = FileManager.default.fileExists(atPath: folder.path)

  static let all: [SigningVector] = {
    guard isPresent else { return [] }
    do {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      return try names.flatMap { name in try Variant.allCases.map { try SigningVector(name: name, variant: $0) } }
    } catch {
      fatalError("the vectors cannot be read: \(error)")
    }
  }()

  init(name: String, variant: Variant) throws {
    let folder = Self.folder.appending(path: name)
    func read(_ file: String) throws -> String {
      String(decoding: try Data(contentsOf: folder.appending(path: file)), as: UTF8.self)
    }
    self.name = name
    self.variant = variant
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    context = try decoder.decode(Context.self, from: Data(contentsOf: folder.appending(path: "context.json")))
    canonicalRequest = try read("\(variant.rawValue)-canonical-request.txt")
    stringToSign = try read("\(variant.rawValue)-string-to-sign.txt")
    signature = try read("\(variant.rawValue)-signature.txt")
    signedRequest = try read("\(variant.rawValue)-signed-request.txt")

    let text = try read("request.txt")
    let end = text.range(of: "\n\n")
    body = end.map { String(text[$0.upperBound...]) } ?? ""
    var lines = (end.map { String(text[..<$0.lowerBound]) } ?? text).split(separator: "\n").map(String.init)
    // The target may hold raw spaces, so it is what lies between the first and the last.
    let line = lines.removeFirst()
    let afterMethod = line.index(after: line.firstIndex(of: " ")!)
    let target = line[afterMethod..<line.lastIndex(of: " ")!].split(separator: "?", maxSplits: 1)
    var headers: [(name: String, value: String)] = []
    for line in lines {
      if line.hasPrefix(" ") {
        headers[headers.count - 1].1 += "\n" + line
      } else {
        let parts = line.split(separator: ":", maxSplits: 1)
        headers.append((String(parts[0]), String(parts[1])))
      }
    }
    request = SigV4.Request(
      method: String(line[..<line.firstIndex(of: " ")!]), path: String(target[0]),
      query: target.count > 1 ? String(target[1]) : "", headers: headers,
      payloadHash: context.signBody ? .sha256(of: Array(body.utf8)) : .empty)
  }

  var rules: SigV4.Rules {
    var rules = SigV4.Rules.generic
    rules.normalizesPath = context.normalize
    rules.signsSessionToken = !(context.omitSessionToken ?? false)
    rules.sendsPayloadHash = context.signBody
    return rules
  }

  var credentials: Credentials {
    Credentials(
      accessKeyID: context.credentials.accessKeyId, secretAccessKey: context.credentials.secretAccessKey,
      sessionToken: context.credentials.token)
  }

  var date: Date {
    get throws { try Date(context.timestamp, strategy: .iso8601) }
  }

  /// The request as the suite writes it.
  func text(of request: SigV4.Request) -> String {
    var text = "\(request.method) \(request.target) HTTP/1.1\n"
    for (name, value) in request.headers { text += "\(name):\(value)\n" }
    return text + "\n" + body
  }
}
