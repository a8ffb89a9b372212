import CLibuv

/// The memory of one libuv handle and the object that owns it.
///
/// libuv keeps using a handle's memory until its close callback, so neither the memory nor the owner may go before:
/// `attach` retains the owner, the close callback releases it and frees the memory.
struct UVHandle<Handle> {
  let pointer: UnsafeMutablePointer<Handle>

  init() { pointer = .allocate(capacity: 1) }

  var base: UnsafeMutablePointer<uv_handle_t> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: uv_handle_t.self)
  }

  /// After a successful `uv_*_init`: from now on only `close()` ends the handle.
  func attach(_ owner: AnyObject) { base.pointee.data = Unmanaged.passRetained(owner).toOpaque() }

  /// After a failed `uv_*_init`, when libuv does not know the handle.
  func freeUninitialised() { pointer.deallocate() }

  func close() { closeHandle(base) }
}

extension UVHandle where Handle == uv_tcp_t {
  var stream: UnsafeMutablePointer<uv_stream_t> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: uv_stream_t.self)
  }
}

extension UVHandle where Handle == uv_pipe_t {
  var stream: UnsafeMutablePointer<uv_stream_t> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: uv_stream_t.self)
  }
}

/// Closes a handle whose memory came from ``UVHandle``.
func closeHandle(_ handle: UnsafeMutablePointer<uv_handle_t>) { uv_close(handle, freeClosedHandle) }

/// The close callback of every handle: releases its owner, frees its memory.
let freeClosedHandle: uv_close_cb = { handle in
  guard let handle else { return }
  nonisolated(unsafe) let owner = handle.pointee.data
  UnsafeMutableRawPointer(handle).deallocate()
  EventLoop.callback { if let owner { Unmanaged<AnyObject>.fromOpaque(owner).release() } }
}

/// The allocation callback of every stream: all read into the loop's one buffer.
let lendReadBuffer: uv_alloc_cb = { _, _, buffer in
  let shared = EventLoop.shared.readBuffer
  let byteCount = LoopActor.assumeIsolated { EventLoop.shared.readByteCountMax }
  buffer?.pointee = uv_buf_init(
    shared.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(min(byteCount, shared.count)))
}

/// The Swift object behind a handle or request.
@inline(__always)
func owner<Owner: AnyObject>(_ data: UnsafeMutableRawPointer?, as type: Owner.Type = Owner.self) -> Owner {
  // libuv calls back only for open handles, and every open handle has been attached to its owner.
  Unmanaged<Owner>.fromOpaque(data!).takeUnretainedValue()
}
