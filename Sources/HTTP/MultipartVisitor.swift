/// Receives what a ``MultipartParser`` finds. Returning false aborts the parse with ``MultipartFailure/refused``; why, the
/// visitor knows. (An error of the visitor's own type would be looked up by its type at every step of the parser.)
///
/// For each part: `partBegan` once, `partReceived` for its content in order (never empty, in pieces of any size, not at
/// all for an empty part), `partEnded` once. A body that ends too early never calls `partEnded` for its last part.
package protocol MultipartVisitor {
  mutating func partBegan(_ head: MultipartPartHead) -> Bool
  /// - Parameter bytes: valid during the call only.
  mutating func partReceived(_ bytes: Span<UInt8>) -> Bool
  mutating func partEnded() -> Bool
}

/// Why a parse stopped: the body is wrong, or the visitor would not have it.
package enum MultipartFailure: Error, Equatable {
  case malformed(MultipartError)
  case refused
}
