import Glibc

/// What this process has had of its processors.
package enum ProcessorTime {
  /// User and system time of all its threads since it began, in seconds (getrusage(2)).
  package static var seconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
