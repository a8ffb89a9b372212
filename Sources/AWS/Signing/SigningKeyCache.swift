/// Signing keys by secret and scope. Deriving one takes four HMACs; it is good for a day.
package struct SigningKeyCache: Sendable {
  /// A client uses one key a service and day, a server one a credential: more than a few means many callers, and the
  /// oldest is derived again.
  package static let entryCountMax = 16

  private struct Entry {
    let secret: String
    let scope: SigV4.Scope
    let key: [UInt8]
  }

  private var entries: [Entry] = []
  private var next = 0

  package var entryCount: Int { entries.count }

  package init() {}

  package mutating func signingKey(secret: String, scope: SigV4.Scope) -> [UInt8] {
    for entry in entries where entry.scope == scope && entry.secret == secret { return entry.key }
    let entry = Entry(secret: secret, scope: scope, key: Self.derive(secret: secret, scope: scope))
    if entries.count < Self.entryCountMax {
      entries.append(entry)
    } else {
      entries[next] = entry
      next = (next + 1) % Self.entryCountMax
    }
    return entry.key
  }

  /// "Derive a signing key": HMAC over day, region, service and `aws4_request`, each keyed with the one before.
  static func derive(secret: String, scope: SigV4.Scope) -> [UInt8] {
    var key = Array(("AWS4" + secret).utf8)
    for part in [scope.day, scope.region, scope.service, SigV4.Scope.terminator] {
      key = HMACSHA256.authenticationCode(for: Array(part.utf8), key: key)
    }
    return key
  }
}
