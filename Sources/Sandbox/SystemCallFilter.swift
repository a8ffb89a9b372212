import CSeccomp
import Glibc

/// What a process that only computes may ask of the kernel. Everything that is not named here kills it.
///
/// New memory but not executable, threads but no processes, clocks, messages on descriptors that are open already. There is no
/// call left that opens, connects, executes or touches another process.
struct SystemCallFilter {
  /// Take effect on what the process has, or tell it of itself.
  private static let allowed = [
    // Descriptors: after `close_range` only the channel to the parent and /dev/null are left.
    "read", "write", "writev", "recvfrom", "recvmsg", "sendto", "sendmsg", "close", "fstat", "lseek", "poll", "ppoll",
    // Memory; `mmap` and `mprotect` are below.
    "brk", "munmap", "mremap", "madvise", "mincore",
    // Threads; `clone` is below.
    "futex", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "membarrier", "exit", "exit_group",
    "sched_yield", "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler", "getcpu",
    // Signals of its own.
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times",
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getrlimit", "getrusage", "getrandom",
    "sysinfo", "uname",
  ]

  /// What libraries try and can do without: they are told no and go on.
  private static let refused: [(error: Int32, calls: [String])] = [
    (
      EACCES,
      [
        "open", "openat", "stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink",
        "readlinkat", "getcwd",
      ]
    ),
    (EPERM, ["ioctl", "fcntl", "sched_setattr", "sched_setscheduler", "sched_setaffinity", "pipe2", "eventfd2"]),
    // glibc then makes its threads with `clone`, whose flags are no pointer and can be looked at.
    (ENOSYS, ["clone3"]),
  ]

  func apply() throws(ConfinementError) {
    // libseccomp gives none where the kernel has no filters, or forbids them.
    guard let filter = saccade_seccomp_new() else { throw ConfinementError(step: "seccomp", number: EOPNOTSUPP) }
    defer { seccomp_release(filter) }
    // For threads that run already as well.
    try check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1), "SCMP_FLTATR_CTL_TSYNC")
    let allow = saccade_seccomp_allow()
    for name in Self.allowed {
      try withNumber(of: name) { saccade_seccomp_rule(filter, allow, $0) }
    }
    for (error, names) in Self.refused {
      for name in names {
        try withNumber(of: name) { saccade_seccomp_rule(filter, saccade_seccomp_errno(error), $0) }
      }
    }
    for name in ["mmap", "mprotect"] {
      try withNumber(of: name) { saccade_seccomp_rule_masked(filter, allow, $0, 2, UInt64(PROT_EXEC), 0) }
    }
    let thread = UInt64(SACCADE_CLONE_THREAD)
    try withNumber(of: "clone") { saccade_seccomp_rule_masked(filter, allow, $0, 0, thread, thread) }
    // abort(3) and raise(3) end this process and no other.
    let own = UInt64(getpid())
    try withNumber(of: "tgkill") { saccade_seccomp_rule_masked(filter, allow, $0, 0, UInt64(UInt32.max), own) }
    // Limits may be read, not set.
    try withNumber(of: "prlimit64") { saccade_seccomp_rule_masked(filter, allow, $0, 2, .max, 0) }
    let nameThread = UInt64(PR_SET_NAME)
    try withNumber(of: "prctl") { saccade_seccomp_rule_masked(filter, allow, $0, 0, .max, nameThread) }
    try withNumber(of: "prctl") {
      saccade_seccomp_rule_differs(filter, saccade_seccomp_errno(EPERM), $0, 0, nameThread)
    }
    try check(seccomp_load(filter), "seccomp")
  }

  /// Some calls are of some processors only.
  private func withNumber(of name: String, _ add: (Int32) -> Int32) throws(ConfinementError) {
    let number = seccomp_syscall_resolve_name(name)
    guard number >= 0 else { return }
    try check(add(number), name)
  }

  /// libseccomp's functions return the error's number, negative.
  private func check(_ result: Int32, _ step: String) throws(ConfinementError) {
    guard result == 0 else { throw ConfinementError(step: step, number: -result) }
  }
}
