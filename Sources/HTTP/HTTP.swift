// HTTP/1.1 server over llhttp, on the event loop: what strangers send is checked here, once, before anybody else sees it.
// Promises: RFC 9110/9112, strict wherever leniency lets two parsers disagree; every wait, buffer and count has a bound
// in `HTTPLimits`; bodies pass through in spans and are never gathered unless asked for; one answer to each request.
// Does not: TLS, HTTP/2, compression, routing, virtual hosts. It knows nothing of S3 or images.
// Start at `HTTPServer`, then `HTTPConnection.serve()`, which is the whole life of a connection in one function.

package import EventLoop

/// Answers one request. Runs on the loop; its task is cancelled when the client goes away or takes too long.
///
/// The next request of the same connection is handled only after the handler has returned and its answer is complete.
package typealias HTTPHandler = @LoopActor (HTTPRequest, consuming ResponseWriter) async -> Void

/// Sees what the server answers by itself, and says what goes out in its place: the same with further fields.
///
/// The request is `nil` where there is none: it was malformed, did not come, or its connection found no room. Otherwise it
/// was refused before its handler was called, or its handler takes too long; `HTTPRequest.refusal` tells the handler so.
package typealias HTTPRefusalObserver = @LoopActor (HTTPResponse, HTTPRequest?, SocketAddress) -> HTTPResponse
