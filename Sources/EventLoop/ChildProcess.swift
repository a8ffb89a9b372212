import CLibuv
import Glibc

/// A child process, watched by the loop.
@LoopActor
package final class ChildProcess {
  /// Where an output stream of the child goes.
  package enum Output {
    /// To this process's own stream of the same number.
    case inherit
    /// To a descriptor of this process, which keeps it.
    case descriptor(Int32)
    case discard
    /// To an action, line by line, even after the child has ended while a descendant holds the stream.
    case lines(@LoopActor (String) -> Void)
  }

  package let processIdentifier: Int32
  private let handle = UVHandle<uv_process_t>()
  private var status: ExitStatus?
  private var waiters: [CheckedContinuation<ExitStatus, Never>] = []

  /// Starts the executable; a name without a slash is looked up in `PATH`.
  /// - Parameter environment: The whole environment of the child; `nil` hands on this process's own.
  /// - Parameter ownSession: Keeps the terminal's signals (Ctrl-C) away from the child, so that its parent decides in
  ///   which order things stop.
  /// - Parameter further: What the child finds as its descriptors from 3 on.
  /// - Throws: `ENOENT`, `EACCES` and what else `execvp` says.
  package init(
    executable: String, arguments: [String], environment: [String: String]? = nil, currentDirectory: String? = nil,
    standardOutput: Output = .inherit, standardError: Output = .inherit, further: [Output] = [],
    ownSession: Bool = false
  ) throws(UVError) {
    let outputs = ([standardOutput, standardError] + further).enumerated().map {
      OutputSetup($0.element, descriptor: Int32($0.offset + 1))
    }
    var discardInput = uv_stdio_container_t()
    discardInput.flags = UV_IGNORE
    var containers = [discardInput] + outputs.map(\.container)

    var words = CStrings([executable] + arguments)
    var variables = CStrings((environment ?? [:]).map { "\($0.key)=\($0.value)" })
    defer {
      words.free()
      variables.free()
    }
    var options = uv_process_options_t()
    options.exit_cb = { handle, status, signal in
      EventLoop.callback {
        owner(handle?.pointee.data, as: ChildProcess.self)
          .didExit(signal != 0 ? .signalled(signal) : .exited(Int32(truncatingIfNeeded: status)))
      }
    }
    if ownSession { options.flags = UInt32(UV_PROCESS_DETACHED.rawValue) }
    options.file = UnsafePointer(words.pointers[0])
    let process = handle.pointer
    let result = containers.withUnsafeMutableBufferPointer { containers in
      words.pointers.withUnsafeMutableBufferPointer { words in
        variables.pointers.withUnsafeMutableBufferPointer { variables in
          options.args = words.baseAddress
          options.env = environment == nil ? nil : variables.baseAddress
          options.stdio_count = Int32(containers.count)
          options.stdio = containers.baseAddress
          guard let currentDirectory else { return uv_spawn(EventLoop.shared.loop, process, &options) }
          return currentDirectory.withCString { directory in
            options.cwd = directory
            return uv_spawn(EventLoop.shared.loop, process, &options)
          }
        }
      }
    }
    guard result == 0 else {
      for output in outputs { output.pipe?.close() }
      handle.base.pointee.data = nil
      // libuv has linked the handle even though the spawn failed.
      handle.close()
      throw UVError(code: result)
    }
    processIdentifier = handle.pointer.pointee.pid
    handle.attach(self)
    for output in outputs { output.pipe?.startReading() }
  }

  /// Waits for the child to end. May be awaited by several tasks.
  package func exit() async -> ExitStatus {
    if let status { return status }
    return await withCheckedContinuation { waiters.append($0) }
  }

  /// The status, once the child has ended.
  package var exitStatus: ExitStatus? { status }

  /// Does nothing once the child has ended, so that no other process can be hit.
  package func send(signal: Int32) { if status == nil { uv_process_kill(handle.pointer, signal) } }

  private func didExit(_ status: ExitStatus) {
    self.status = status
    handle.close()
    for waiter in waiters { waiter.resume(returning: status) }
    waiters = []
  }
}

/// How one output stream of a child is set up.
@LoopActor
private struct OutputSetup {
  let container: uv_stdio_container_t
  let pipe: OutputPipe?

  init(_ output: ChildProcess.Output, descriptor: Int32) {
    var container = uv_stdio_container_t()
    switch output {
    case .inherit:
      container.flags = UV_INHERIT_FD
      container.data.fd = descriptor
      pipe = nil
    case .descriptor(let own):
      container.flags = UV_INHERIT_FD
      container.data.fd = own
      pipe = nil
    case .discard:
      container.flags = UV_IGNORE
      pipe = nil
    case .lines(let deliver):
      let outputPipe = OutputPipe(deliver)
      container.flags = uv_stdio_flags(rawValue: UV_CREATE_PIPE.rawValue | UV_WRITABLE_PIPE.rawValue)
      container.data.stream = outputPipe.handle.stream
      pipe = outputPipe
    }
    self.container = container
  }
}

/// A NULL-terminated array of C strings.
private struct CStrings {
  var pointers: [UnsafeMutablePointer<CChar>?]
  init(_ strings: [String]) { pointers = strings.map { strdup($0) } + [nil] }
  func free() { for pointer in pointers { Glibc.free(pointer) } }
}
