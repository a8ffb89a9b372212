import CCurl
import EventLoop
import Glibc

/// A file descriptor curl wants watched.
struct TransportSocket {
  let poll: SocketPoll
  /// What curl wants to know of.
  var wanted: SocketPoll.Events = []
  /// What the loop looks for.
  var watched: SocketPoll.Events = []
}

/// curl's sockets on the loop. A connection's `SocketPoll` stays from `socket()` to `close()`. curl changes its wishes
/// several times within a request, and each change costs system calls; so they are followed at the end of a turn of the
/// loop, when most have undone each other, and a connection that waits for its next request goes on being watched for
/// bytes, which it does not get. Descriptors curl makes for itself (its resolver's thread reports through
/// a socket pair) are closed without a word; their polls end when curl stops watching them, for a poll left behind would
/// later take the descriptor's next owner out of epoll.
extension ProxiedTransport {
  /// Makes this handle open and close its sockets through the transport.
  func adopt(_ easy: UnsafeMutableRawPointer) {
    saccade_curl_set_sockets(
      easy,
      { context, _, address in
        guard let address else { return curl_socket_t(-1) }
        let (family, type, proto) = (address.pointee.family, address.pointee.socktype, address.pointee.protocol)
        return ProxiedTransport.on(context) { $0.openSocket(family: family, type: type, protocol: proto) }
      },
      { context, socket in
        ProxiedTransport.on(context) { $0.closeSocket(socket) }
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
    guard ownSockets.contains(socket) || !events.isEmpty else {
      sockets.removeValue(forKey: socket)?.poll.close()
      return
    }
    if sockets[socket] == nil {
      // epoll takes every socket; what it refuses can only be out of memory, and the request's timeout ends that.
      guard !events.isEmpty, let poll = try? SocketPoll(fileDescriptor: socket) else { return }
      sockets[socket] = TransportSocket(poll: poll)
    }
    sockets[socket]?.wanted = events
    if changedSockets.isEmpty { EventLoop.shared.atEndOfTurn { [weak self] in self?.followChanges() } }
    changedSockets.append(socket)
  }

  private func followChanges() {
    let changed = changedSockets
    changedSockets.removeAll(keepingCapacity: true)
    for socket in changed {
      guard let state = sockets[socket], state.wanted != state.watched else { continue }
      // Writable is what a socket nearly always is.
      if state.wanted.isEmpty, !state.watched.contains(.writable) { continue }
      watch(socket, for: state.wanted)
    }
  }

  private func watch(_ socket: curl_socket_t, for events: SocketPoll.Events) {
    guard let state = sockets[socket] else { return }
    sockets[socket]?.watched = events
    if events.isEmpty { return state.poll.stop() }
    do {
      try state.poll.start(events) { [weak self] in self?.socketIsReady(socket, $0) }
    } catch {
      sockets.removeValue(forKey: socket)?.poll.close()
    }
  }

  private func socketIsReady(_ socket: curl_socket_t, _ result: Result<SocketPoll.Events, UVError>) {
    guard let wanted = sockets[socket]?.wanted else { return }
    var mask: Int32 = 0
    switch result {
    case .success(let events):
      let events = events.intersection(wanted)
      if events.contains(.readable) { mask |= CURL_CSELECT_IN }
      if events.contains(.writable) { mask |= CURL_CSELECT_OUT }
    case .failure:
      // libuv has stopped watching.
      sockets[socket]?.watched = []
      if !wanted.isEmpty { mask = CURL_CSELECT_ERR }
    }
    // The server has ended a connection that nobody uses: curl finds that out when it wants to use it.
    if mask == 0 { return watch(socket, for: wanted) }
    socketAction(socket, mask)
  }
}
