extension SigV4 {
  /// The parts of an HTTP request that a signature covers, in the form they have on the wire.
  package struct Request: Sendable {
    package var method: String
    /// Before the "?", percent-encoded as it is sent or was received; never empty on the wire ("/").
    package var path: String
    /// After the "?", percent-encoded as it is sent or was received; empty when there is none.
    package var query: String
    /// In order; names in any case. Names may repeat.
    package var headers: [(name: String, value: String)]
    package var payloadHash: PayloadHash

    /// - Parameter query: as on the wire, without the "?".
    package init(
      method: String, path: String, query: String = "", headers: [(name: String, value: String)],
      payloadHash: PayloadHash
    ) {
      self.method = method
      self.path = path
      self.query = query
      self.headers = headers
      self.payloadHash = payloadHash
    }

    /// - Parameter query: plain names and values; encoded here, in the order given.
    package init(
      method: String, path: String, query: [(String, String)], headers: [(name: String, value: String)],
      payloadHash: PayloadHash
    ) {
      self.init(method: method, path: path, headers: headers, payloadHash: payloadHash)
      for (name, value) in query { appendQuery(name, value) }
    }

    /// What goes on the request line.
    package var target: String { query.isEmpty ? path : path + "?" + query }

    /// Adds a plain name and value to the query, encoding both.
    package mutating func appendQuery(_ name: String, _ value: String) {
      if !query.isEmpty { query += "&" }
      query += URIEncoding.encode(name)
      query += "="
      query += URIEncoding.encode(value)
    }

    /// The first value of a header, nil when there is none.
    package func header(_ name: String) -> String? {
      headers.first { ASCII.equal($0.name, name) }?.value
    }
  }
}
