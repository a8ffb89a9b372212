package import struct FoundationEssentials.Date

/// A message that was received and is now invisible to other receivers.
package struct SQSMessage: Sendable, Hashable {
  package var messageID: String
  /// What this receipt is deleted or extended by; another receipt of the same message has another.
  package var receiptHandle: String
  package var body: String
  /// How often it was received, this time included; 0 when the service does not tell.
  package var receiveCount: Int
  /// By the service's clock.
  package var sentAt: Date?
}

/// A message as it is given to SQS.
package struct SQSOutgoingMessage: Sendable, Hashable {
  package var body: String
  /// Invisible at first for so long, up to 15 min; nil for the queue's own delay.
  package var delay: Duration?

  package init(_ body: String, delay: Duration? = nil) {
    self.body = body
    self.delay = delay
  }
}

/// One entry of a batch that failed while the call as a whole succeeded.
package struct SQSEntryFailure: Error, Sendable, Hashable {
  package var code: String
  package var message: String
  /// The entry itself is at fault: sending it again is pointless.
  package var isSenderFault: Bool
}
