import AWS

/// The opaque string that names one receive of one message: Base64 of a version byte, the queue's id, the message's
/// sequence number, the receive count and a checksum, so that a handle that was cut, mixed up or made up is told from one
/// of a message that is gone.
struct ReceiptHandle: Sendable, Hashable {
  private static let version: UInt8 = 1
  private static let byteCount = 1 + 8 + 8 + 4 + 8

  let queue: Int64
  let receipt: Receipt

  init(queue: Int64, _ message: QueuedMessage) {
    self.queue = queue
    receipt = Receipt(sequence: message.sequence, receiveCount: message.receiveCount)
  }

  /// - Returns: nil when it was never a handle.
  init?(_ text: String) {
    guard let bytes = Base64.decode(text), bytes.count == ReceiptHandle.byteCount, bytes[0] == ReceiptHandle.version,
      ReceiptHandle.integer(bytes[21...]) == ReceiptHandle.checksum(bytes[..<21])
    else { return nil }
    queue = Int64(bitPattern: ReceiptHandle.integer(bytes[1..<9]))
    receipt = Receipt(
      sequence: ReceiptHandle.integer(bytes[9..<17]), receiveCount: Int(ReceiptHandle.integer(bytes[17..<21])))
  }

  var text: String {
    var bytes: [UInt8] = [ReceiptHandle.version]
    bytes.reserveCapacity(ReceiptHandle.byteCount)
    ReceiptHandle.append(UInt64(bitPattern: queue), to: &bytes)
    ReceiptHandle.append(receipt.sequence, to: &bytes)
    ReceiptHandle.append(UInt32(clamping: receipt.receiveCount), to: &bytes)
    ReceiptHandle.append(ReceiptHandle.checksum(bytes[...]), to: &bytes)
    return Base64.encode(bytes)
  }

  private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

  /// FNV-1a. Whoever may call at all may delete any message: it guards against mistakes, not against forgery.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
