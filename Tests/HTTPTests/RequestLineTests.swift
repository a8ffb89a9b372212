import HTTP
import Testing

/// RFC 9112 §3: Request Line.
@Suite("RFC 9112 §3 Request line")
struct RequestLineTests {
  /// §3: "request-line = method SP request-target SP HTTP-version", and lenient parsing by white space "can result in
  /// security vulnerabilities if there are multiple recipients".
  @Test(
    "the parts of the request line are separated by single spaces",
    arguments: ["GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET\t/ HTTP/1.1", " GET / HTTP/1.1", "GET / x HTTP/1.1", "GET"])
  func separators(line: String) async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, line + "\r\nHost: a\r\n\r\n").status == 400)
    }
  }

  /// §3: "A server that receives a request-target longer than any URI it wishes to parse MUST respond with a 414";
  /// "RECOMMENDED that all HTTP senders and recipients support, at a minimum, request-line lengths of 8000 octets."
  @Test("a request line of 8000 bytes is served, one over the limit is 414")
  func lineLength() async throws {
    try await withServer { _, address async throws in
      let path = "/" + String(repeating: "a", count: 8000 - 14)
      #expect(try exchange(address, "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n").text.contains(path))
      let long = "/" + String(repeating: "a", count: testLimits.requestLineByteCountMax)
      let response = try exchange(address, "GET \(long) HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(response.status == 414)
      #expect(try response.code == "uri-too-long")
      // Known before the line has ended.
      #expect(try exchange(address, "GET \(long)").status == 414)
    }
  }

  /// §3.1: "A server that receives a method longer than any that it implements SHOULD respond with a 501".
  @Test("an unknown method is 501, what cannot be a method is 400")
  func methods() async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n").status == 501)
      #expect(try exchange(address, "get / HTTP/1.1\r\nHost: a\r\n\r\n").status == 501)
      #expect(try exchange(address, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n").status == 501)
      #expect(try exchange(address, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
      #expect(try exchange(address, "M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
    }
  }

  /// §3.2.1 origin-form, raw as received.
  @Test("path and query are handed on as received")
  func originForm() async throws {
    try await withServer { _, address async throws in
      let response = try exchange(address, "GET //a/../%2e%2F?x=%20?&y HTTP/1.1\r\nHost: h:80\r\n\r\n")
      #expect(response.text == "GET\n//a/../%2e%2F\nx=%20?&y\nh:80\n")
      #expect(try exchange(address, "GET /? HTTP/1.1\r\nHost: h\r\n\r\n").text == "GET\n/\n\nh\n")
    }
  }

  /// §3.2.2: "a server MUST accept the absolute-form in requests", and "MUST ignore the received Host header field (if any)
  /// and instead replace it with the host information of the request-target."
  @Test("an absolute-form target is taken, and its authority goes before Host")
  func absoluteForm() async throws {
    try await withServer { _, address async throws in
      let response = try exchange(address, "GET http://b:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(response.text == "GET\n/p\nq\nb:81\n")
      #expect(try exchange(address, "GET http://b HTTP/1.1\r\nHost: a\r\n\r\n").text == "GET\n/\n-\nb\n")
      #expect(try exchange(address, "GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n").text == "GET\n/\nq\nb\n")
      #expect(try exchange(address, "GET HTTP://[::1]:8/ HTTP/1.1\r\nHost: a\r\n\r\n").text == "GET\n/\n-\n[::1]:8\n")
    }
  }

  @Test(
    "targets that are none are refused",
    arguments: [
      "a", "*", "http://", "http:///x", "http://u@h/", "http://a b/", "ftp://h/", "/a#f", "/\u{E9}", "http:/a", ":80",
      "http://:80/",
    ])
  func invalidTargets(target: String) async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
    }
  }

  /// §3.2.4: asterisk-form "is only used for a server-wide OPTIONS request".
  @Test("OPTIONS may ask for everything")
  func asteriskForm() async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").text == "OPTIONS\n*\n-\na\n")
    }
  }

  /// §3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a Host
  /// header field and to any request message that contains more than one Host header field line or a Host header field
  /// with an invalid field value."
  @Test(
    "a missing, second or invalid Host is refused",
    arguments: [
      "", "Host: a\r\nHost: a\r\n", "Host: a\r\nX: y\r\nhost: b\r\n", "Host: a b\r\n", "Host: a,b\r\nHost: c\r\n",
      "Host: a/b\r\n", "Host: u@a\r\n", "Host: a:b\r\n", "Host: [::1\r\n", "Host: a\\b\r\n", "Host: http://a\r\n",
    ])
  func hosts(fields: String) async throws {
    try await withServer { _, address async throws in
      let response = try exchange(address, "GET / HTTP/1.1\r\n\(fields)\r\n")
      #expect(response.status == 400)
      #expect(response.closes)
    }
  }

  @Test(
    "hosts of all forms are taken",
    arguments: ["a", "a.b-c.example:8080", "127.0.0.1", "[::1]", "[2001:db8::1]:443", "b%C3%BCcher.example", ""])
  func validHosts(host: String) async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").text == "GET\n/\n-\n\(host)\n")
    }
  }

  @Test("an HTTP/1.0 request needs no Host, but may not have two")
  func hostOfOldClients() async throws {
    try await withServer { _, address async throws in
      #expect(try exchange(address, "GET / HTTP/1.0\r\n\r\n").status == 200)
      #expect(try exchange(address, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n").status == 400)
    }
  }
}
