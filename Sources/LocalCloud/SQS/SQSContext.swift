/// What an operation needs to know of the request that asked for it.
package struct SQSContext: Sendable {
  /// Scheme, host and port as the client sees them, such as `http://127.0.0.1:4566`: queue URLs begin with it.
  package var baseURL: String
  package var requestID: String

  package init(baseURL: String, requestID: String) {
    self.baseURL = baseURL
    self.requestID = requestID
  }
}
