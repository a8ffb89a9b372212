import Foundation

/// Resident memory of this process in bytes (VmRSS of proc(5)). Tests that compare it run in a process of their own,
/// since all others share this one.
package func residentByteCount() -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
  return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
}
