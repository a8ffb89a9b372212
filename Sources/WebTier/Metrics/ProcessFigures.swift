import EventLoop
import Glibc

/// What this process uses, named and measured as Prometheus' client libraries do.
struct ProcessFigures {
  /// Constant for the process; read once.
  let startTimeSeconds: Double

  init() { startTimeSeconds = ProcessFigures.startTime() ?? 0 }

  func add(to text: inout MetricsText) {
    text.add(
      "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.",
      ProcessorTime.seconds)
    text.add("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", ProcessFigures.residentBytes())
    text.add("process_open_fds", .gauge, "Number of open file descriptors.", ProcessFigures.openDescriptorCount())
    text.add("process_max_fds", .gauge, "Maximum number of open file descriptors.", ProcessFigures.descriptorLimit())
    text.add(
      "process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.", startTimeSeconds)
  }

  /// The second number of `statm` (proc_pid_statm(5)), in pages.
  static func residentBytes() -> Int {
    let pages = contents(of: "/proc/self/statm")?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }

  /// Linux says it as the folder's size since 6.2; before that the entries are counted.
  static func openDescriptorCount() -> Int {
    var status = stat()
    if stat("/proc/self/fd", &status) == 0, status.st_size > 0 { return Int(status.st_size) }
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Without `.`, `..` and the folder's own.
    return max(0, count - 3)
  }

  static func descriptorLimit() -> Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }

  /// The kernel's start in seconds since 1970 and ours in ticks after it (proc_pid_stat(5), field 22).
  private static func startTime() -> Double? {
    // The second field is the command's name in parentheses and may hold anything, blanks too.
    guard let own = contents(of: "/proc/self/stat"), let name = own.lastIndex(of: ")"),
      let ticks = own[own.index(after: name)...].split(separator: " ").dropFirst(19).first.flatMap({ Double($0) }),
      let line = contents(of: "/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
      let boot = Double(line.dropFirst(6))
    else { return nil }
    return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func contents(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = read(descriptor, &piece, piece.count)
      guard count > 0 else { break }
      bytes += piece.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
