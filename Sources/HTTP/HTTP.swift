// HTTP/1.1 server over llhttp, on the event loop: what strangers send is checked here, once, before anybody else sees it.
// Promises: RFC 9110/9112, strict wherever leniency lets two parsers disagree; every wait, buffer and count has a bound
// in `HTTPLimits`; bodies pass through in spans and are never gathered unless asked for; one answer to each request.
// Does not: TLS, HTTP/2, compression, routing, virtual hosts. It knows nothing of S3 or images.
// Start at `HTTPServer`, then `HTTPConnection.serve()`, which is the whole life of a connection in one function.

import EventLoop

/// Answers one request. Runs on the loop; its task is cancelled when the client goes away or takes too long.
///
/// The next request of the same connection is handled only after the handler has returned and its answer is complete.
package typealias HTTPHandler = @LoopActor (HTTPRequest, consuming ResponseWriter) async -> Void
