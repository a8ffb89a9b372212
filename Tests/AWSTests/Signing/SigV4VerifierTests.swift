import AWS
import Foundation
import Testing

@Suite("verifying signatures")
struct SigV4VerifierTests {
  private static let known = S3Examples.credentials
  private static let now = S3Examples.date

  private static func signed(
    _ request: SigV4.Request = Self.plain, credentials: Credentials = Self.known, at date: Date = Self.now
  ) -> SigV4.Request {
    var request = request
    var signer = SigV4.s3(region: "us-east-1")
    signer.sign(&request, with: credentials, at: date)
    return request
  }

  private static func presigned(
    _ request: SigV4.Request = Self.plain, credentials: Credentials = Self.known, seconds: Int = 300
  ) -> SigV4.Request {
    var request = request
    request.payloadHash = .unsigned
    var signer = SigV4.s3(region: "us-east-1")
    signer.presign(&request, with: credentials, at: Self.now, expiresInSeconds: seconds)
    return request
  }

  private static let plain = S3Examples.request(
    "PUT", "/photos/a%20cat%2B.jpg", query: "tagging=&versionId=3%2F4",
    headers: [("Content-Type", "image/jpeg"), ("x-amz-meta-name", "  a   b ")], payloadHash: .unsigned)

  /// The error of verifying, nil when the request is accepted.
  private static func error(
    _ request: SigV4.Request, region: String? = "us-east-1", service: String = "s3", after seconds: Double = 0,
    known: Credentials = Self.known
  ) -> SigV4.VerificationError? {
    var verifier = SigV4.Verifier(region: region, service: service, rules: .s3)
    do {
      _ = try verifier.verify(request, at: now.addingTimeInterval(seconds)) { $0 == known.accessKeyID ? known : nil }
      return nil
    } catch {
      return error
    }
  }

  private static func isMismatch(_ error: SigV4.VerificationError?) -> Bool {
    if case .signatureMismatch = error { true } else { false }
  }

  /// Rewrites the value of a header, which must be there.
  private static func edit(
    _ request: SigV4.Request, _ name: String, _ change: (String) -> String
  ) -> SigV4.Request {
    var request = request
    guard let index = request.headers.firstIndex(where: { $0.0.lowercased() == name.lowercased() }) else {
      Issue.record("no header \(name)")
      return request
    }
    request.headers[index].1 = change(request.headers[index].1)
    return request
  }

  @Test("what a client signs, a server accepts: by header and presigned, with and without a session token")
  func roundTrip() throws {
    let temporary = Credentials(
      accessKeyID: Self.known.accessKeyID, secretAccessKey: Self.known.secretAccessKey, sessionToken: "to/k+en==")
    for credentials in [Self.known, temporary] {
      #expect(Self.error(Self.signed(credentials: credentials), known: credentials) == nil)
      #expect(Self.error(Self.presigned(credentials: credentials), known: credentials) == nil)
    }
    #expect(Self.error(Self.signed(), region: nil) == nil)
  }

  @Test("transport headers added after signing, header order and header case do not matter")
  func harmless() {
    var request = Self.signed()
    request.headers.insert(("User-Agent", "curl"), at: 0)
    request.headers.append(("Connection", "keep-alive"))
    request.headers = request.headers.reversed().map { ($0.0.uppercased(), $0.1) }
    #expect(Self.error(request) == nil)
    // The same key bytes, encoded otherwise by a proxy.
    request.path = "/photos/a%20cat+.%6apg"
    #expect(Self.error(request) == nil)
    request.query = "versionId=3/4&tagging"
    #expect(Self.error(request) == nil)
  }

  @Test("any change to what was signed is a mismatch")
  func tampering() {
    let mutations: [(String, (inout SigV4.Request) -> Void)] = [
      ("method", { $0.method = "DELETE" }),
      ("path", { $0.path = "/photos/a%20dog.jpg" }),
      ("path normalised", { $0.path = "/photos/./a%20cat%2B.jpg" }),
      ("query value", { $0.query = $0.query.replacing("3%2F4", with: "3%2F5") }),
      ("query name", { $0.query += "&acl" }),
      ("host", { $0 = Self.edit($0, "host") { _ in "other.s3.amazonaws.com" } }),
      ("content type", { $0 = Self.edit($0, "content-type") { _ in "text/html" } }),
      ("metadata", { $0 = Self.edit($0, "x-amz-meta-name") { _ in "a c" } }),
      ("a header twice", { $0.headers.append(("x-amz-meta-name", "c")) }),
    ]
    for (name, mutate) in mutations {
      for original in [Self.signed(), Self.presigned()] {
        var request = original
        mutate(&request)
        #expect(Self.isMismatch(Self.error(request)), "\(name)")
      }
    }
    let hash = PayloadHash.empty.text
    #expect(Self.isMismatch(Self.error(Self.edit(Self.signed(), "x-amz-content-sha256") { _ in hash })))
    #expect(Self.isMismatch(Self.error(Self.edit(Self.signed(), "x-amz-date") { _ in "20130524T000001Z" })))
    var impostor = Self.known
    impostor.secretAccessKey += "x"
    #expect(Self.isMismatch(Self.error(Self.signed(credentials: impostor))))
    #expect(Self.isMismatch(Self.error(Self.presigned(credentials: impostor))))
  }

  @Test("every single digit of the signature counts")
  func signatureDigits() {
    let request = Self.signed()
    for position in 1...64 {
      let changed = Self.edit(request, "authorization") { text in
        var bytes = Array(text.utf8)
        let index = bytes.count - position
        bytes[index] = bytes[index] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
        return String(decoding: bytes, as: UTF8.self)
      }
      #expect(Self.isMismatch(Self.error(changed)), "digit \(position) from the end")
    }
  }

  @Test("a presigned request's own parameters are covered")
  func presignedParameters() {
    let request = Self.presigned()
    var longer = request
    longer.query = request.query.replacing("X-Amz-Expires=300", with: "X-Amz-Expires=3000")
    #expect(Self.isMismatch(Self.error(longer)))
    var later = request
    later.query = request.query.replacing("X-Amz-Date=20130524T000000Z", with: "X-Amz-Date=20130524T000100Z")
    #expect(Self.isMismatch(Self.error(later)))
    var fewer = request
    fewer.query = request.query.replacing("content-type%3Bhost", with: "host")
    #expect(Self.isMismatch(Self.error(fewer)))
  }

  @Test("a request 15 minutes from our clock is accepted, a second more is skewed, in both directions")
  func skew() {
    for seconds in [900.0, -900] { #expect(Self.error(Self.signed(), after: seconds) == nil) }
    for seconds in [901.0, -901] {
      guard case .clockSkewed(let request, let server) = Self.error(Self.signed(), after: seconds) else {
        Issue.record("accepted \(seconds) s away")
        continue
      }
      #expect(request.text == "20130524T000000Z")
      #expect(Double(server.secondsSince1970 - request.secondsSince1970) == seconds)
    }
  }

  @Test("a presigned request ends when it says, and begins at most 15 minutes early")
  func expiry() {
    #expect(Self.error(Self.presigned(), after: 299) == nil)
    guard case .expired(let end, _) = Self.error(Self.presigned(), after: 300) else {
      Issue.record("accepted after its end")
      return
    }
    #expect(end.text == "20130524T000500Z")
    #expect(Self.error(Self.presigned(), after: -900) == nil)
    guard case .notYetValid = Self.error(Self.presigned(), after: -901) else {
      Issue.record("accepted before its beginning")
      return
    }
    #expect(Self.error(Self.presigned(seconds: SigV4.expirySecondsMax), after: 604_799) == nil)
  }

  @Test(
    "a presigned query that lacks, repeats or garbles a parameter is refused as malformed",
    arguments: [
      ("X-Amz-Expires=300", "X-Amz-Expires=0"), ("X-Amz-Expires=300", "X-Amz-Expires=604801"),
      ("X-Amz-Expires=300", "X-Amz-Expires=-1"), ("X-Amz-Expires=300", "X-Amz-Expires=%2B5"),
      ("X-Amz-Expires=300", "X-Amz-Expires="), ("X-Amz-Expires=300", ""),
      ("X-Amz-Expires=300", "X-Amz-Expires=300&X-Amz-Expires=300"),
      ("X-Amz-Expires=300", "X-Amz-Expires=99999999999999999999"),
      ("X-Amz-Date=20130524T000000Z", "X-Amz-Date=20130524T000000"), ("X-Amz-Date=20130524T000000Z", "y=%FF"),
      ("X-Amz-Date=20130524T000000Z", "X-Amz-Date=20130532T000000Z"), ("X-Amz-Date=20130524T000000Z", ""),
      ("aws4_request", "aws5_request"), ("%2F20130524%2F", "%2F2013%2F"), ("%2Fus-east-1%2F", "%2F"),
      ("X-Amz-SignedHeaders=", "X-Amz-SignedHeaders=%3B"), ("X-Amz-SignedHeaders=c", "X-Amz-SignedHeaders=C"),
      ("X-Amz-Signature=", "X-Amz-Signature=0"), ("X-Amz-Signature=", "Signature="),
    ])
  func malformedQuery(original: String, replacement: String) {
    var request = Self.presigned()
    #expect(request.query.contains(original))
    request.query = request.query.replacing(original, with: replacement)
    guard case .malformedQuery = Self.error(request) else {
      Issue.record("not malformed: \(String(describing: Self.error(request)))")
      return
    }
  }

  @Test(
    "an Authorization header that lacks, repeats or garbles a component is refused as malformed",
    arguments: [
      ("Credential=", "Credentials="), ("SignedHeaders=", "Headers="), ("Signature=", "Sig="),
      ("Credential=", "Credential"), (", SignedHeaders=", " SignedHeaders="),
      ("SignedHeaders=", "Signature=00, SignedHeaders="), ("Signature=", "Signature=0"), ("Signature=", "Signature=zz"),
      ("/aws4_request", ""), ("/20130524/", "/20130524/x/y/"), ("/20130524/", "//"), ("AKIAIOSFODNN7EXAMPLE", ""),
      ("host;", "host;;"), ("host;", "Host;"), ("host;", "host;host;"), ("content-type;host;", "host;content-type;"),
      ("SignedHeaders=", "SignedHeaders=\(String(repeating: "a;", count: 64))"), (", Sig", ",, Sig"),
    ])
  func malformedHeader(original: String, replacement: String) {
    let request = Self.edit(Self.signed(), "authorization") { text in
      #expect(text.contains(original))
      return text.replacing(original, with: replacement)
    }
    let error = Self.error(request)
    switch (replacement, error) {
    // The five parts counted from the end: what precedes them is the key.
    case ("/20130524/x/y/", .malformedHeader?): break
    case (_, .malformedHeader?): break
    default: Issue.record("not malformed: \(String(describing: error))")
    }
  }

  @Test("no authentication, two of them, and other schemes are told apart")
  func schemes() {
    #expect(Self.error(Self.plain) == .missingAuthentication)
    var both = Self.signed()
    both.query = Self.presigned().query
    #expect(Self.error(both) == .multipleAuthentication)
    var twice = Self.signed()
    twice.headers.append(("authorization", "x"))
    #expect(Self.error(twice) == .multipleAuthentication)
    for scheme in ["AWS AKID:c2ln", "AWS4-ECDSA-P256-SHA256 Credential=a", "Basic eDp5", "", "AWS4-HMAC-SHA256,"] {
      let request = Self.edit(Self.signed(), "authorization") { _ in scheme }
      #expect(Self.error(request) == .unsupportedAlgorithm, "\(scheme)")
    }
    var version2 = Self.plain
    version2.query = "AWSAccessKeyId=a&Signature=b&Expires=1"
    #expect(Self.error(version2) == .unsupportedAlgorithm)
    var asymmetric = Self.presigned()
    asymmetric.query = asymmetric.query.replacing("AWS4-HMAC-SHA256", with: "AWS4-ECDSA-P256-SHA256")
    #expect(Self.error(asymmetric) == .unsupportedAlgorithm)
  }

  @Test("credentials scoped to another region, service or day are refused before any key is looked up")
  func scopes() {
    for (request, presigned) in [(Self.signed(), false), (Self.presigned(), true)] {
      for error in [Self.error(request, region: "eu-west-1"), Self.error(request, service: "sqs")] {
        guard case .wrongScope(_, presigned) = error else {
          Issue.record("not a wrong scope: \(String(describing: error))")
          continue
        }
      }
    }
    let yesterday = Self.edit(Self.signed(), "authorization") { $0.replacing("/20130524/", with: "/20130523/") }
    guard case .wrongScope = Self.error(yesterday) else {
      Issue.record("a credential of another day was accepted")
      return
    }
  }

  @Test("an unknown key, an absent, wrong or unexpected session token are refused")
  func identity() {
    var other = Self.known
    other.accessKeyID = "AKIDOTHER"
    #expect(Self.error(Self.signed(credentials: other)) == .unknownAccessKey("AKIDOTHER"))
    var temporary = Self.known
    temporary.sessionToken = "token"
    var wrong = temporary
    wrong.sessionToken = "Token"
    #expect(Self.error(Self.signed(), known: temporary) == .invalidSessionToken)
    #expect(Self.error(Self.signed(credentials: wrong), known: temporary) == .invalidSessionToken)
    #expect(Self.error(Self.signed(credentials: temporary)) == .invalidSessionToken)
    #expect(Self.error(Self.presigned(credentials: wrong), known: temporary) == .invalidSessionToken)
  }

  @Test("host and every x-amz- header must be signed, and what is signed must be there")
  func coverage() {
    let withoutHost = Self.edit(Self.signed(), "authorization") { $0.replacing("host;", with: "") }
    #expect(Self.error(withoutHost) == .unsignedHeader("host"))
    for original in [Self.signed(), Self.presigned()] {
      var added = original
      added.headers.append(("X-Amz-Acl", "public-read"))
      #expect(Self.error(added) == .unsignedHeader("x-amz-acl"))
      var removed = original
      removed.headers.removeAll { $0.0 == "Content-Type" }
      #expect(Self.error(removed) == .absentSignedHeader("content-type"))
    }
  }

  @Test("the date may come from X-Amz-Date or from Date in both its forms, and must come from somewhere")
  func dates() {
    for text in ["20130524T000000Z", "Fri, 24 May 2013 00:00:00 GMT"] {
      // Signed over Date alone: the signer's own X-Amz-Date leaves the request and the list of signed headers.
      var request = Self.plain
      request.headers.append(("Date", text))
      request = Self.signed(request)
      request.headers.removeAll { $0.0 == "X-Amz-Date" }
      request = Self.edit(request, "authorization") { $0.replacing("x-amz-date;", with: "") }
      #expect(Self.isMismatch(Self.error(request)), "read \(text), so that only the signature is wrong")
    }
    var none = Self.signed()
    none.headers.removeAll { $0.0 == "X-Amz-Date" }
    #expect(Self.error(none) == .missingDate)
    #expect(Self.error(Self.edit(Self.signed(), "x-amz-date") { _ in "yesterday" }) == .missingDate)
  }

  @Test("the payload hash: required by header, unsigned by default when presigned, a hash or a known constant")
  func payload() throws {
    var none = Self.signed()
    none.headers.removeAll { $0.0 == "x-amz-content-sha256" }
    none = Self.edit(none, "authorization") { $0.replacing("x-amz-content-sha256;", with: "") }
    #expect(Self.error(none) == .missingPayloadHash)
    #expect(
      Self.error(Self.edit(Self.signed(), "x-amz-content-sha256") { _ in "abc" }) == .invalidPayloadHash("abc"))

    for hash in [PayloadHash.unsigned, .streaming, .streamingTrailer, .streamingUnsignedTrailer, .empty] {
      var request = Self.plain
      request.payloadHash = hash
      var verifier = SigV4.Verifier(region: nil, service: "s3", rules: .s3)
      let verified = try verifier.verify(Self.signed(request), at: Self.now) { _ in Self.known }
      #expect(verified.payloadHash == hash)
      #expect(verified.payloadHash.isStreaming == hash.text.hasPrefix("STREAMING-"))
      #expect(verified.payloadHash.signsChunks == hash.text.hasPrefix("STREAMING-AWS4"))
      #expect(verified.payloadHash.hasTrailer == hash.text.hasSuffix("-TRAILER"))
      #expect((verified.payloadHash.digest != nil) == (hash == .empty))
    }
  }

  @Test("the server follows the client's chain of chunk signatures, and one wrong chunk breaks it")
  func chunks() throws {
    var request = Self.plain
    request.payloadHash = .streamingTrailer
    var signer = SigV4.s3(region: "us-east-1")
    var sender = signer.sign(&request, with: Self.known, at: Self.now).chunkSigner()
    var verifier = SigV4.Verifier(region: nil, service: "s3", rules: .s3)
    var receiver = try verifier.verify(request, at: Self.now) { _ in Self.known }.signature.chunkSigner()
    for chunk in [[1, 2, 3], [4], []] as [[UInt8]] {
      let digest = MessageDigest.sha256.hash(chunk)
      let signature = sender.sign(chunk: chunk)
      var tampered = receiver
      let acceptsTampered = tampered.accepts(signature, chunkSHA256: MessageDigest.sha256.hash(chunk + [0]))
      let accepts = receiver.accepts(signature, chunkSHA256: digest)
      var replayed = receiver
      let acceptsReplayed = replayed.accepts(signature, chunkSHA256: digest)
      #expect(accepts && !acceptsTampered && !acceptsReplayed)
    }
    let trailer = [("x-amz-checksum-crc32c", "sOO8/Q==")]
    let signature = sender.sign(trailer: trailer)
    var tampered = receiver
    let acceptsTampered = tampered.accepts(signature, trailer: [("x-amz-checksum-crc32c", "sOO8/A==")])
    let accepts = receiver.accepts(signature, trailer: trailer)
    #expect(accepts && !acceptsTampered)
  }

  @Test("signing keys are derived again for another day, region, service or secret, and the cache stays bounded")
  func keyCache() {
    var cache = SigningKeyCache()
    var keys: Set<[UInt8]> = []
    for day in 1...28 {
      for (region, service, secret) in [("a", "s3", "x"), ("b", "s3", "x"), ("a", "sqs", "x"), ("a", "s3", "y")] {
        let scope = SigV4.Scope(day: "201308\(day < 10 ? "0" : "")\(day)", region: region, service: service)
        let key = cache.signingKey(secret: secret, scope: scope)
        #expect(cache.signingKey(secret: secret, scope: scope) == key)
        keys.insert(key)
      }
    }
    #expect(keys.count == 112)
    #expect(cache.entryCount == SigningKeyCache.entryCountMax)
  }
}
