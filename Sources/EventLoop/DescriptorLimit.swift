import Glibc

/// How many files and sockets this process may have open (`RLIMIT_NOFILE` of getrlimit(2)).
package enum DescriptorLimit {
  /// Raises the limit to the hard one, and that one too where the process may: a shell's 1024 is a relic of select(2).
  /// - Parameter wanted: What the process's bounds come to.
  /// - Returns: The limit from now on.
  @discardableResult
  package static func raise(to wanted: Int) -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    if limit.rlim_max < rlim_t(wanted) {
      var more = rlimit(rlim_cur: rlim_t(wanted), rlim_max: rlim_t(wanted))
      if setrlimit(resource, &more) == 0 { return wanted }
    }
    limit.rlim_cur = limit.rlim_max
    setrlimit(resource, &limit)
    return Int(clamping: limit.rlim_cur)
  }
}
