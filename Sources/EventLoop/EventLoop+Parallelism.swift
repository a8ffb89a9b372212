import CLibuv

extension EventLoop {
  /// Processors that this process may use, at least 1: fewer than the machine has where an affinity mask says so.
  package static var availableParallelism: Int { Int(uv_available_parallelism()) }
}
