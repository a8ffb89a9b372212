package import Foundation

/// Arrivals in a file: a line for each moment, with its time in seconds and, after a comma or blanks, how many images come
/// then if it is not one. Times do not fall. Empty lines and those that begin with `#` are passed over.
package struct ArrivalTrace: Sendable, Equatable {
  package let name: String
  package let imageCount: Int
  /// From the first line's time, which becomes 0, to the last.
  package let duration: Duration
  /// Runs of the same time.
  let times: [Nanoseconds]
  let counts: [Int32]

  package static let lineCountMax = 100_000_000
  /// 292 years would be too many nanoseconds.
  private static let secondsMax = 4e9

  /// - Throws: ``PlanError`` with the number of the line that is wrong.
  package init(name: String, data: Data) throws(PlanError) {
    var times: [Nanoseconds] = []
    var counts: [Int32] = []
    var total = 0
    var problem: PlanError?
    data.withUnsafeBytes { bytes in
      var number = 0
      for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        number += 1
        do throws(PlanError) {
          guard let (time, count) = try ArrivalTrace.arrival(in: line, number: number) else { continue }
          if let last = times.last, time < last { throw PlanError("line \(number) is earlier than the one before.") }
          guard times.count < Self.lineCountMax else { throw PlanError("more than \(Self.lineCountMax) lines.") }
          times.append(time)
          counts.append(count)
          total += Int(count)
        } catch {
          problem = PlanError("\(name): \(error.description)")
          return
        }
      }
    }
    if let problem { throw problem }
    guard let first = times.first, let last = times.last, total > 0 else { throw PlanError("\(name): no arrivals.") }
    if first != 0 { for index in times.indices { times[index] -= first } }
    self.name = name
    self.times = times
    self.counts = counts
    imageCount = total
    duration = .nanoseconds(last - first)
  }

  private static func arrival(
    in line: Slice<UnsafeRawBufferPointer>, number: Int
  ) throws(PlanError) -> (Nanoseconds, Int32)? {
    let separators: Set<UInt8> = [0x20, 0x09, 0x0d, UInt8(ascii: ",")]
    let fields = line.split(whereSeparator: separators.contains)
    guard let first = fields.first, first.first != UInt8(ascii: "#") else { return nil }
    guard let seconds = Double(String(decoding: first, as: UTF8.self)), (0...secondsMax).contains(seconds) else {
      throw PlanError("line \(number) does not begin with a time in seconds.")
    }
    guard fields.count <= 2 else { throw PlanError("line \(number) has more than a time and a count.") }
    let count = fields.count == 2 ? Int32(String(decoding: fields[1], as: UTF8.self)) : 1
    guard let count, count >= 0 else { throw PlanError("line \(number) has a count that is none.") }
    return (Nanoseconds(seconds * 1e9), count)
  }
}
