extension SigV4 {
  /// What a received request claims about its signature, parsed but not yet believed.
  package struct Presented: Sendable, Hashable {
    package enum Placement: Sendable, Hashable {
      case header
      /// Presigned, valid for this long after `time`: 1…604 800 s.
      case query(expiresInSeconds: Int)
    }

    /// More names than any client signs; bounds the work that an unauthenticated request can ask for.
    package static let signedHeaderCountMax = 64

    package let placement: Placement
    package let accessKeyID: String
    package let scope: Scope
    /// Lower case, sorted, no name twice.
    package let signedHeaders: [String]
    /// 32 bytes.
    package let signature: [UInt8]
    package let time: SigningTime
    package let sessionToken: String?

    package var isPresigned: Bool { placement != .header }

    /// Reads the `Authorization` header or the presigned query, whichever the request has.
    package init(_ request: Request) throws(VerificationError) {
      let authorizations = request.headers.filter { ASCII.equal($0.name, "authorization") }
      guard authorizations.count <= 1 else { throw .multipleAuthentication }
      let query = QueryParameters(request.query)
      let hasQuery = query.contains { $0 == "X-Amz-Algorithm" || $0 == "X-Amz-Signature" || $0 == "X-Amz-Credential" }
      switch (authorizations.first?.value, hasQuery) {
      case (nil, false):
        // Signature Version 2 in the query.
        throw query.contains { $0 == "AWSAccessKeyId" } ? .unsupportedAlgorithm : .missingAuthentication
      case (.some, true): throw .multipleAuthentication
      case (let authorization?, false): try self.init(authorization: authorization, request)
      case (nil, true): try self.init(presigned: query)
      }
    }

    private init(authorization: String, _ request: Request) throws(VerificationError) {
      let text = ASCII.trimmed(authorization)
      let scheme = text.prefix { $0 != " " }
      guard scheme == SigV4.algorithm else { throw .unsupportedAlgorithm }
      var fields: [String: String] = [:]
      for part in text.dropFirst(scheme.count).split(separator: ",", omittingEmptySubsequences: false) {
        let field = ASCII.trimmed(part)
        guard let equals = field.firstIndex(of: "=") else {
          throw .malformedHeader("expected name=value, found \"\(field.prefix(64))\"")
        }
        let name = String(field[..<equals])
        guard ["Credential", "SignedHeaders", "Signature"].contains(name) else {
          throw .malformedHeader("unknown component \"\(name.prefix(64))\"")
        }
        guard fields.updateValue(String(field[equals...].dropFirst()), forKey: name) == nil else {
          throw .malformedHeader("\(name) appears twice")
        }
      }
      guard let credential = fields["Credential"] else { throw .malformedHeader("Credential is missing") }
      guard let headers = fields["SignedHeaders"] else { throw .malformedHeader("SignedHeaders is missing") }
      guard let signature = fields["Signature"] else { throw .malformedHeader("Signature is missing") }
      guard let time = Self.time(of: request) else { throw .missingDate }
      do {
        (accessKeyID, scope) = try Self.parse(credential: credential)
        signedHeaders = try Self.parse(signedHeaders: headers)
        self.signature = try Self.parse(signature: signature)
      } catch {
        throw .malformedHeader(error.reason)
      }
      placement = .header
      self.time = time
      sessionToken = request.header("x-amz-security-token")
    }

    private init(presigned query: QueryParameters) throws(VerificationError) {
      func value(_ name: String) throws(VerificationError) -> String {
        switch query.values(of: name) {
        case let values where values.count == 1 && !values[0].isEmpty: return values[0]
        case let values where values.count > 1: throw .malformedQuery("\(name) appears more than once")
        default: throw .malformedQuery("\(name) is missing")
        }
      }
      guard query.isValid else { throw .malformedQuery("the query is not UTF-8") }
      guard try value("X-Amz-Algorithm") == SigV4.algorithm else { throw .unsupportedAlgorithm }
      guard let time = SigningTime(try value("X-Amz-Date")) else {
        throw .malformedQuery("X-Amz-Date is not of the form 20150830T123600Z")
      }
      let expires = try value("X-Amz-Expires")
      guard let seconds = Int(expires), expires.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        throw .malformedQuery("X-Amz-Expires is not a number")
      }
      guard (1...SigV4.expirySecondsMax).contains(seconds) else {
        throw .malformedQuery("X-Amz-Expires must be between 1 and \(SigV4.expirySecondsMax) seconds")
      }
      let (credential, headers) = (try value("X-Amz-Credential"), try value("X-Amz-SignedHeaders"))
      let signature = try value("X-Amz-Signature")
      do {
        (accessKeyID, scope) = try Self.parse(credential: credential)
        signedHeaders = try Self.parse(signedHeaders: headers)
        self.signature = try Self.parse(signature: signature)
      } catch {
        throw .malformedQuery(error.reason)
      }
      placement = .query(expiresInSeconds: seconds)
      self.time = time
      sessionToken = query.values(of: "X-Amz-Security-Token").first
    }

    private struct Malformed: Error { let reason: String }

    /// `<access key>/20150830/us-east-1/s3/aws4_request`. The key may hold slashes, the rest may not.
    private static func parse(credential: String) throws(Malformed) -> (String, Scope) {
      let parts = credential.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count >= 5, parts.allSatisfy({ !$0.isEmpty }) else {
        throw Malformed(reason: "the credential is not <key>/<YYYYMMDD>/<region>/<service>/aws4_request")
      }
      let scope = parts.suffix(4).map(String.init)
      guard scope[3] == Scope.terminator else {
        throw Malformed(reason: "the credential does not end with \(Scope.terminator)")
      }
      guard scope[0].utf8.count == 8, SigningTime(scope[0] + "T000000Z") != nil else {
        throw Malformed(reason: "the credential's date \"\(scope[0].prefix(16))\" is not of the form YYYYMMDD")
      }
      let key = parts.dropLast(4).joined(separator: "/")
      return (key, Scope(day: scope[0], region: scope[1], service: scope[2]))
    }

    private static func parse(signedHeaders text: String) throws(Malformed) -> [String] {
      let names = text.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
      guard names.count <= signedHeaderCountMax else {
        throw Malformed(reason: "more than \(signedHeaderCountMax) signed headers")
      }
      guard names.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { ASCII.lowercased($0) == $0 && $0 > 0x20 } }) else {
        throw Malformed(reason: "SignedHeaders must be names in lower case, separated by semicolons")
      }
      guard zip(names, names.dropFirst()).allSatisfy({ $0.utf8.lexicographicallyPrecedes($1.utf8) }) else {
        throw Malformed(reason: "SignedHeaders must be sorted, no name twice")
      }
      return names
    }

    private static func parse(signature: String) throws(Malformed) -> [UInt8] {
      guard signature.utf8.count == 64, let bytes = Hexadecimal.decode(signature) else {
        throw Malformed(reason: "the signature is not 64 hexadecimal digits")
      }
      return bytes
    }

    /// `X-Amz-Date`, or `Date` in either of the forms in use when that is absent.
    private static func time(of request: Request) -> SigningTime? {
      if let text = request.header("x-amz-date") { return SigningTime(ASCII.trimmed(text)) }
      guard let text = request.header("date").map({ ASCII.trimmed($0) }) else { return nil }
      return SigningTime(text) ?? HTTPDate.parse(text).map { SigningTime($0) }
    }
  }
}
