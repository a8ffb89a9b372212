import AWS
import Foundation
import Testing

@Suite(
  "AWS's signing test suite",
  .enabled(if: SigningVector.isPresent, "the vectors are not beside the repository (../shared/vectors/sigv4)"))
struct SigV4VectorTests {
  @Test("all 76 cases are run")
  func count() {
    #expect(SigningVector.all.count == 76)
  }

  @Test("canonical request, string to sign, signature and signed request are the suite's", arguments: SigningVector.all)
  func sign(_ vector: SigningVector) throws {
    var signer = SigV4(region: vector.context.region, service: vector.context.service, rules: vector.rules)
    var request = vector.request
    let signature =
      switch vector.variant {
      case .header: signer.sign(&request, with: vector.credentials, at: try vector.date)
      case .query:
        signer.presign(
          &request, with: vector.credentials, at: try vector.date,
          expiresInSeconds: vector.context.expirationInSeconds)
      }
    #expect(String(decoding: signature.canonicalRequest, as: UTF8.self) == vector.canonicalRequest)
    #expect(String(decoding: signature.stringToSign, as: UTF8.self) == vector.stringToSign)
    #expect(signature.hexadecimal == vector.signature)
    #expect(vector.text(of: request) == vector.signedRequest)
  }

  @Test("a server accepts what the suite signs, unless the session token was left out", arguments: SigningVector.all)
  func verify(_ vector: SigningVector) throws {
    var signer = SigV4(region: vector.context.region, service: vector.context.service, rules: vector.rules)
    var request = vector.request
    switch vector.variant {
    case .header: signer.sign(&request, with: vector.credentials, at: try vector.date)
    case .query: signer.presign(&request, with: vector.credentials, at: try vector.date, expiresInSeconds: 3600)
    }
    var rules = vector.rules
    rules.sendsPayloadHash = false
    var verifier = SigV4.Verifier(region: vector.context.region, service: vector.context.service, rules: rules)
    let known = vector.credentials
    let date = try vector.date
    if vector.context.omitSessionToken == true {
      #expect(throws: SigV4.VerificationError.self) {
        try verifier.verify(request, at: date) { _ in known }
      }
    } else {
      let verified = try verifier.verify(request, at: date) { $0 == known.accessKeyID ? known : nil }
      #expect(verified.signature.hexadecimal == vector.signature)
    }
  }
}
