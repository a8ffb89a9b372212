import HTTP

/// What a client says about an object beside its bytes: the headers that come back with it, and `x-amz-meta-*`.
struct ObjectAttributes: Sendable, Hashable {
  static let userPrefix = "x-amz-meta-"
  /// What S3 answers for an object that came without a type.
  static let contentTypeDefault = "binary/octet-stream"
  private static let kept: Set = [
    "content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires",
  ]

  /// Names in lower case, in the order they came.
  private(set) var fields: [(name: String, value: String)] = []

  static func == (left: ObjectAttributes, right: ObjectAttributes) -> Bool {
    left.fields.elementsEqual(right.fields) { $0 == $1 }
  }

  func hash(into hasher: inout Hasher) {
    for (name, value) in fields {
      hasher.combine(name)
      hasher.combine(value)
    }
  }

  /// - Throws: `MetadataTooLarge` when the user's names and values are more than `byteCountMax` together.
  init(_ headers: HTTPHeaders, userMetadataByteCountMax byteCountMax: Int) throws(S3Error) {
    var userByteCount = 0
    for (name, value) in headers {
      let name = name.lowercased()
      if name.hasPrefix(ObjectAttributes.userPrefix) {
        userByteCount += name.utf8.count - ObjectAttributes.userPrefix.utf8.count + value.utf8.count
        // S3 joins the values of a repeated name.
        if let index = fields.firstIndex(where: { $0.name == name }) {
          fields[index].value += "," + value
        } else {
          fields.append((name, value))
        }
      } else if name == "content-encoding" {
        // The framing of the transfer is not the object's.
        let encodings = value.split(separator: ",").map(\.trimmingBlanks).filter { $0.lowercased() != "aws-chunked" }
        if !encodings.isEmpty { fields.append((name, encodings.joined(separator: ","))) }
      } else if ObjectAttributes.kept.contains(name) {
        fields.append((name, value))
      }
    }
    guard userByteCount <= byteCountMax else {
      throw S3Error(
        .metadataTooLarge, details: [("Size", String(userByteCount)), ("MaxSizeAllowed", String(byteCountMax))])
    }
  }

  /// As `stored` wrote them. A header's value holds no line end (RFC 9110 section 5.5).
  init(stored: String) {
    for line in stored.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields.append((String(line[..<colon]), String(line[line.index(after: colon)...])))
    }
  }

  var stored: String { fields.map { "\($0.name):\($0.value)\n" }.joined() }

  /// Adds them to an answer.
  func add(to headers: inout HTTPHeaders) {
    for (name, value) in fields { headers.add(name, value) }
    if !fields.contains(where: { $0.name == "content-type" }) {
      headers.add("content-type", ObjectAttributes.contentTypeDefault)
    }
  }
}
