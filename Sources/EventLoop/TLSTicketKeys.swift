import COpenSSL
import Glibc

/// Where the keys of session tickets come from: shared by all contexts, of whichever process, that are to resume each
/// other's sessions.
///
/// The key changes every day (UTC), by a hash that does not lead back, so that whoever gets at it reads no ticket of an
/// earlier day: RFC 9325 §3.4 asks for a change at least once a week, lest tickets undo forward secrecy. A ticket of the
/// day before costs its client a full handshake.
@LoopActor
package final class TLSTicketKeys {
  private nonisolated static let secretByteCount = 32
  /// HMAC-SHA256's output.
  private static let blockByteCount = 32

  private var secret: [UInt8]
  /// Since 1970.
  private(set) var day: Int

  /// Of nobody else's yet.
  package nonisolated init() {
    var random = SystemRandomNumberGenerator()
    secret = (0..<TLSTicketKeys.secretByteCount).map { _ in random.next() }
    day = TLSTicketKeys.today
  }

  /// Takes over what `handOver` has given; nil when that cannot be.
  package nonisolated init?(handedOver bytes: [UInt8]) {
    guard bytes.count == 8 + TLSTicketKeys.secretByteCount else { return nil }
    day = Int(clamping: bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    secret = Array(bytes[8...])
  }

  /// What another process needs for the same keys from today on. As secret as the keys.
  package func handOver() -> [UInt8] {
    advance(toDay: TLSTicketKeys.today)
    return (0..<8).map { UInt8(truncatingIfNeeded: UInt64(day) >> (56 - 8 * $0)) } + secret
  }

  nonisolated static var today: Int { time(nil) / 86_400 }

  /// Forgets the days before. A clock that goes back changes nothing.
  func advance(toDay today: Int) {
    while day < today {
      var next = expand("next day", byteCount: TLSTicketKeys.secretByteCount)
      // In place: the old one does not stay in memory.
      for index in secret.indices { secret[index] = next[index] }
      OPENSSL_cleanse(&next, next.count)
      day += 1
    }
  }

  /// The day's.
  func keys(byteCount: Int) -> [UInt8] { expand("ticket keys", byteCount: byteCount) }

  /// HKDF-Expand (RFC 5869 §2.3); the secret is random already and needs no extraction.
  private func expand(_ info: String, byteCount: Int) -> [UInt8] {
    precondition(byteCount <= 255 * TLSTicketKeys.blockByteCount)
    var output: [UInt8] = []
    var block: [UInt8] = []
    while output.count < byteCount {
      let message = block + Array(info.utf8) + [UInt8(output.count / TLSTicketKeys.blockByteCount + 1)]
      block = [UInt8](repeating: 0, count: TLSTicketKeys.blockByteCount)
      let isDone = HMAC(EVP_sha256(), secret, Int32(secret.count), message, message.count, &block, nil) != nil
      precondition(isDone, "OpenSSL has no HMAC-SHA256")
      output += block
    }
    return Array(output.prefix(byteCount))
  }
}
