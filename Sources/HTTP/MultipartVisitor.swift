/// Receives what a ``MultipartParser`` finds. Throwing aborts the parse; the error comes back as
/// ``MultipartFailure/refused(_:)``.
///
/// For each part: `partBegan` once, `partReceived` for its content in order (never empty, in pieces of any size, not at
/// all for an empty part), `partEnded` once. A body that ends too early never calls `partEnded` for its last part.
package protocol MultipartVisitor {
  associatedtype Failure: Error

  mutating func partBegan(_ head: MultipartPartHead) throws(Failure)
  /// - Parameter bytes: valid during the call only.
  mutating func partReceived(_ bytes: Span<UInt8>) throws(Failure)
  mutating func partEnded() throws(Failure)
}

/// Why a parse stopped: the body is wrong, or the visitor would not have it.
package enum MultipartFailure<Refusal: Error>: Error {
  case malformed(MultipartError)
  case refused(Refusal)
}

extension MultipartFailure: Equatable where Refusal: Equatable {}
