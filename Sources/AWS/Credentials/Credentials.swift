package import FoundationEssentials

/// What a request is signed with. Its description never shows the secret or the token.
package struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
  package var accessKeyID: String
  package var secretAccessKey: String
  /// Temporary credentials carry one; it is sent (and signed) as `X-Amz-Security-Token`.
  package var sessionToken: String?
  /// Nil for credentials that do not expire.
  package var expiration: Date?

  package init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Date? = nil
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expiration = expiration
  }

  package var description: String {
    let kind = sessionToken == nil ? "long-term" : "temporary"
    return "Credentials(\(accessKeyID), \(kind))"
  }

  package var debugDescription: String { description }
}

extension Credentials: CustomReflectable {
  /// `dump` and string interpolation of an enclosing value go through the mirror, so it hides the secret as well.
  package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}
