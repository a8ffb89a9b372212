import CLibuv

/// The reading end of a child's standard output or error, delivered line by line until the child's side is closed.
@LoopActor
final class OutputPipe {
  let handle = UVHandle<uv_pipe_t>()
  private let deliver: @LoopActor (String) -> Void
  private var splitter = LineSplitter()
  private var isOpen = true

  init(_ deliver: @escaping @LoopActor (String) -> Void) {
    self.deliver = deliver
    // Cannot fail: nothing is opened before the child is spawned.
    uv_pipe_init(EventLoop.shared.loop, handle.pointer, 0)
    handle.attach(self)
  }

  func startReading() {
    let status = uv_read_start(
      handle.stream,
      lendReadBuffer,
      { stream, count, buffer in
        EventLoop.callback {
          owner(stream?.pointee.data, as: OutputPipe.self).didRead(count, buffer?.pointee.base)
        }
      })
    if status != 0 { close() }
  }

  private func didRead(_ count: Int, _ base: UnsafeMutablePointer<CChar>?) {
    if count > 0 {
      let bytes = UnsafeRawBufferPointer(start: base, count: count).bindMemory(to: UInt8.self)
      splitter.append(bytes.span) { deliver($0) }
    } else if count < 0 {
      splitter.finish { deliver($0) }
      close()
    }
  }

  func close() {
    guard isOpen else { return }
    isOpen = false
    handle.close()
  }
}
