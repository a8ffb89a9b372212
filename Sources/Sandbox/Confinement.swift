import CSeccomp
import Glibc

/// Sandbox takes from the calling process what work on strangers' bytes does not need: files, network, programs, other
/// processes, memory without bound.
/// It promises that what it could not take is told, by an error, and that nothing it took can be got back.
/// It knows nothing of what the work is; whoever calls it has loaded and started all that the work needs.
package struct Confinement {
  /// Private memory that may be added to what the process has now, in bytes.
  package var memoryByteCountMax: Int

  package init(memoryByteCountMax: Int) { self.memoryByteCountMax = memoryByteCountMax }

  /// Confines this process and its threads until it ends. Threads that exist already are not under Landlock, but under the
  /// filter of system calls like all others.
  /// - Returns: what holds it, for people: "seccomp, Landlock 4".
  package func apply() throws(ConfinementError) -> String {
    try check(saccade_prctl(PR_SET_DUMPABLE, 0), "PR_SET_DUMPABLE")
    try check(saccade_prctl(PR_SET_NO_NEW_PRIVS, 1), "PR_SET_NO_NEW_PRIVS")
    try limitResources()
    let landlock = try applyLandlock()
    try SystemCallFilter().apply()
    return landlock.map { "seccomp, Landlock \($0)" } ?? "seccomp"
  }

  private func limitResources() throws(ConfinementError) {
    try limit(RLIMIT_CORE, to: 0)
    try limit(RLIMIT_FSIZE, to: 0)
    try limit(RLIMIT_DATA, to: Self.size(of: "VmData:") + memoryByteCountMax)
    // Threads' stacks and the allocator's arenas reserve addresses that they never use.
    try limit(RLIMIT_AS, to: Self.size(of: "VmSize:") + memoryByteCountMax + Self.reservedByteCount)
    try limit(RLIMIT_NOFILE, to: Self.descriptorCountMax)
  }

  private static let reservedByteCount = 1 << 30
  /// The descriptors of a ruleset and of what is open already.
  private static let descriptorCountMax = 16

  private func limit(_ resource: __rlimit_resource, to value: Int) throws(ConfinementError) {
    var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
    try check(setrlimit(__rlimit_resource_t(resource.rawValue), &limit), "setrlimit(\(resource.rawValue))")
  }

  /// A size of proc(5)'s status file in bytes.
  private static func size(of name: String) throws(ConfinementError) -> Int {
    let descriptor = saccade_open("/proc/self/status")
    guard descriptor >= 0 else { throw ConfinementError(step: "/proc/self/status", number: errno) }
    defer { close(descriptor) }
    let text = String(unsafeUninitializedCapacity: 8192) { max(0, read(descriptor, $0.baseAddress, $0.count)) }
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      if let size = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) }) {
        return size << 10
      }
    }
    throw ConfinementError(step: "/proc/self/status", number: ENODATA)
  }

  /// A second fence behind the filter, of the kernel's own: no file, no TCP, no signal to others.
  /// - Returns: its version; nil where the kernel has none or has it switched off.
  private func applyLandlock() throws(ConfinementError) -> Int? {
    let version = saccade_landlock_version()
    guard version > 0 else { return nil }
    var ruleset = saccade_landlock_ruleset(handled_access_fs: (1 << 13) - 1, handled_access_net: 0, scoped: 0)
    var size = 8
    // What each version can forbid beyond the former: linking across folders, truncating, TCP's bind and connect, ioctl on
    // devices, signals and abstract sockets of other domains.
    if version >= 2 { ruleset.handled_access_fs |= 1 << 13 }
    if version >= 3 { ruleset.handled_access_fs |= 1 << 14 }
    if version >= 4 { (ruleset.handled_access_net, size) = (3, 16) }
    if version >= 5 { ruleset.handled_access_fs |= 1 << 15 }
    if version >= 6 { (ruleset.scoped, size) = (3, 24) }
    let descriptor = saccade_landlock_create(&ruleset, size)
    try check(descriptor, "landlock_create_ruleset")
    defer { close(descriptor) }
    try check(saccade_landlock_restrict(descriptor), "landlock_restrict_self")
    return version
  }

  private func check(_ result: Int32, _ step: String) throws(ConfinementError) {
    guard result >= 0 else { throw ConfinementError(step: step, number: errno) }
  }
}

/// This system does not let a process confine itself.
package struct ConfinementError: Error, Sendable, CustomStringConvertible {
  /// The call that failed.
  let step: String
  /// Of errno(3).
  let number: Int32

  package init(step: String, number: Int32) {
    self.step = step
    self.number = number
  }

  package var description: String { "\(step): \(String(cString: strerror(number)))" }
}
