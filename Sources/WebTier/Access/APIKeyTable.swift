import COpenSSL

/// Whose keys are known, by their hashes. A value; made whole from a file and replaced whole.
struct APIKeyTable: Sendable {
  struct Entry: Sendable {
    let name: String
    /// What its line says.
    let rate: RateLimit?
    /// Whether it opens the operators' page.
    var isAdmin = false
    var bucket = TokenBucket()
  }

  /// Of SHA-256.
  static let digestByteCount = 32

  private(set) var entries: [Entry] = []
  /// The hashes one behind the other, in the entries' order.
  private var digests: [UInt8] = []

  /// - Returns: Whether the key was not there yet.
  mutating func add(_ entry: Entry, digest: [UInt8]) -> Bool {
    precondition(digest.count == APIKeyTable.digestByteCount)
    guard index(of: digest) == nil else { return false }
    entries.append(entry)
    digests += digest
    return true
  }

  /// Compares with every entry, each in constant time, so that the time tells nothing about a key.
  func index(of digest: [UInt8]) -> Int? {
    precondition(digest.count == APIKeyTable.digestByteCount)
    var found: Int?
    digests.withUnsafeBytes { digests in
      digest.withUnsafeBytes { digest in
        for index in entries.indices {
          let offset = index * APIKeyTable.digestByteCount
          let candidate = UnsafeRawBufferPointer(rebasing: digests[offset..<offset + APIKeyTable.digestByteCount])
          if CRYPTO_memcmp(candidate.baseAddress, digest.baseAddress, candidate.count) == 0 { found = index }
        }
      }
    }
    return found
  }

  /// Takes a token of an entry's.
  /// - Parameter rate: Where its line says none.
  /// - Returns: `nil`, or how long until there will be one.
  mutating func take(_ index: Int, orBy rate: RateLimit?, at now: () -> ContinuousClock.Instant) -> Duration? {
    guard let rate = entries[index].rate ?? rate else { return nil }
    return entries[index].bucket.take(rate, at: now())
  }

  /// Goes on where the former table stopped: reading the file again gives nobody a new burst.
  mutating func inheritBuckets(of former: APIKeyTable) {
    for (index, entry) in former.entries.enumerated() {
      let offset = index * APIKeyTable.digestByteCount
      let digest = Array(former.digests[offset..<offset + APIKeyTable.digestByteCount])
      if let heir = self.index(of: digest) { entries[heir].bucket = entry.bucket }
    }
  }
}
