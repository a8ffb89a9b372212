import CCurl
import EventLoop
import Glibc

/// A file descriptor curl wants watched.
struct TransportSocket {
  let poll: SocketPoll
  var events: SocketPoll.Events = []
}

/// curl's sockets on the loop. A connection is watched anew for every request it serves, so its `SocketPoll` stays from
/// `socket()` to `close()`, stopped in between. Descriptors curl makes for itself (its resolver's thread reports through
/// a socket pair) are closed without a word; their polls end when curl stops watching them, for a poll left behind would
/// later take the descriptor's next owner out of epoll.
extension Transport {
  /// Makes this handle open and close its sockets through the transport.
  func adopt(_ easy: UnsafeMutableRawPointer) {
    saccade_curl_set_sockets(
      easy,
      { context, _, address in
        guard let address else { return curl_socket_t(-1) }
        let (family, type, proto) = (address.pointee.family, address.pointee.socktype, address.pointee.protocol)
        return Transport.on(context) { $0.openSocket(family: family, type: type, protocol: proto) }
      },
      { context, socket in
        Transport.on(context) { $0.closeSocket(socket) }
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func openSocket(family: Int32, type: Int32, protocol proto: Int32) -> curl_socket_t {
    let socket = Glibc.socket(family, type | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), proto)
    guard socket >= 0 else { return curl_socket_t(-1) }
    ownSockets.insert(socket)
    return socket
  }

  private func closeSocket(_ socket: curl_socket_t) -> Int32 {
    ownSockets.remove(socket)
    sockets.removeValue(forKey: socket)?.poll.close()
    return Glibc.close(socket)
  }

  func socketChanged(_ socket: curl_socket_t, what: Int32) {
    var events: SocketPoll.Events = []
    if what & CURL_POLL_IN != 0, what != CURL_POLL_REMOVE { events.insert(.readable) }
    if what & CURL_POLL_OUT != 0, what != CURL_POLL_REMOVE { events.insert(.writable) }
    guard !events.isEmpty else { return unwatch(socket) }
    do {
      var watched = try sockets[socket] ?? TransportSocket(poll: SocketPoll(fileDescriptor: socket))
      if watched.events != events {
        watched.events = events
        try watched.poll.start(events) { [weak self] in self?.socketIsReady(socket, $0) }
      }
      sockets[socket] = watched
    } catch {
      // epoll takes every socket; what it refuses can only be out of memory, and the request's timeout ends that.
      sockets.removeValue(forKey: socket)?.poll.close()
    }
  }

  private func unwatch(_ socket: curl_socket_t) {
    guard ownSockets.contains(socket) else {
      sockets.removeValue(forKey: socket)?.poll.close()
      return
    }
    sockets[socket]?.poll.stop()
    sockets[socket]?.events = []
  }

  private func socketIsReady(_ socket: curl_socket_t, _ result: Result<SocketPoll.Events, UVError>) {
    var mask: Int32 = 0
    switch result {
    case .success(let events):
      if events.contains(.readable) { mask |= CURL_CSELECT_IN }
      if events.contains(.writable) { mask |= CURL_CSELECT_OUT }
    case .failure:
      mask = CURL_CSELECT_ERR
    }
    socketAction(socket, mask)
  }
}
