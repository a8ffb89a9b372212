import EventLoop
import HTTP

extension ResponseWriter {
  /// Sends a response whose body is a stream, and returns when that has ended. A client that has not been sent all of it
  /// sees a reset.
  @LoopActor consuming func send(_ response: HTTPResponse, streaming stream: any ResponseStream) async {
    let body = begin(response.status, headers: response.headers, contentLength: nil)
    do throws(RequestBodyError) { try await stream.write(to: body) } catch { return }
    body.finish()
  }
}
