import CSeccomp
import Glibc

/// What a confined process must not be able to do, each to be tried in a process of its own: most attempts end it.
package enum Probe: String, CaseIterable, Sendable {
  case openFile = "open-file"
  case createFile = "create-file"
  case socket = "socket"
  case unixSocket = "unix-socket"
  case execute = "execute"
  case fork = "fork"
  case signalParent = "signal-parent"
  case trace = "trace"
  case mapExecutable = "map-executable"
  case ioUring = "io-uring"
  case raiseLimit = "raise-limit"
  case memory = "memory"

  /// Tries it.
  /// - Returns: 0 when it could be done, else the error's number. Does not return when the attempt ends the process.
  package func attempt() -> Int32 {
    let result: Int
    switch self {
    case .openFile: result = Int(saccade_open("/etc/passwd"))
    case .createFile: result = Int(creat("/tmp/saccade-probe", 0o600))
    case .socket: result = Int(Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    case .unixSocket: result = Int(Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
    case .execute:
      var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
      result = Int(execv("/bin/true", &arguments))
    case .fork:
      result = Int(saccade_fork())
      if result == 0 { _exit(0) }
    case .signalParent: result = Int(kill(getppid(), 0))
    case .trace: result = Int(saccade_ptrace())
    case .mapExecutable: result = saccade_map_executable() == MAP_FAILED ? -1 : 0
    case .ioUring: result = Int(saccade_io_uring())
    case .raiseLimit:
      var limit = rlimit(rlim_cur: 0, rlim_max: 0)
      result = Int(setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit))
    case .memory:
      let byteCount = 64 << 30
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
      result = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED ? -1 : 0
    }
    return result < 0 ? errno : 0
  }
}
