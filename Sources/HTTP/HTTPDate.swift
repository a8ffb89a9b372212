/// A date as HTTP writes it, to the second (RFC 9110 §5.6.7).
package struct HTTPDate: Sendable, Hashable, Comparable {
  /// Since 1970-01-01T00:00:00Z.
  package let secondsSinceEpoch: Int64

  package init(secondsSinceEpoch: Int64) { self.secondsSinceEpoch = secondsSinceEpoch }

  package static func < (left: HTTPDate, right: HTTPDate) -> Bool {
    left.secondsSinceEpoch < right.secondsSinceEpoch
  }

  private static let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let monthNames = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Reads all three forms that a recipient must accept: IMF-fixdate, RFC 850's and asctime's.
  /// - Parameter now: Tells the century of RFC 850's two-digit year: more than 50 years ahead means the past one.
  package init?(parsing text: String, now: HTTPDate = HTTPDate(secondsSinceEpoch: 1_750_000_000)) {
    let words = text.split { $0 == " " || $0 == "-" || $0 == "," }.map(String.init)
    let year: String
    let month: String
    let day: String
    let time: String
    switch words.count {
    // Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT
    case 6 where words[5] == "GMT": (day, month, year, time) = (words[1], words[2], words[3], words[4])
    // Sun Nov  6 08:49:37 1994
    case 5: (month, day, time, year) = (words[1], words[2], words[3], words[4])
    default: return nil
    }
    let clock = time.split(separator: ":", omittingEmptySubsequences: false).map(HTTPDate.number)
    guard HTTPDate.dayNames.contains(String(words[0].prefix(3))), clock.count == 3,
      let hour = clock[0], let minute = clock[1], let second = clock[2], hour < 24, minute < 60, second <= 60,
      time.utf8.count == 8, var fullYear = HTTPDate.number(year[...]), let dayNumber = HTTPDate.number(day[...]),
      let monthIndex = HTTPDate.monthNames.firstIndex(of: month), (1...31).contains(dayNumber)
    else { return nil }
    if year.utf8.count == 2 {
      let thisYear = HTTPDate.civil(now.secondsSinceEpoch / 86400).year
      fullYear += thisYear / 100 * 100
      if fullYear > thisYear + 50 { fullYear -= 100 }
    } else if year.utf8.count != 4 {
      return nil
    }
    let days = HTTPDate.days(year: fullYear, month: Int64(monthIndex) + 1, day: dayNumber)
    // The 31st of a month of 30 days is no date.
    guard HTTPDate.civil(days).day == dayNumber else { return nil }
    secondsSinceEpoch = days * 86400 + hour * 3600 + minute * 60 + second
  }

  private static func number(_ digits: Substring) -> Int64? {
    digits.utf8.allSatisfy(ASCII.isDigit) && digits.utf8.count <= 4 ? Int64(digits) : nil
  }

  /// Days since the epoch of a date of the Gregorian calendar: years are counted from March, so that the leap day is last.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let index = (5 * dayOfYear + 2) / 153
    let month = index + (index < 10 ? 3 : -9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * index + 2) / 5 + 1)
  }
}

extension HTTPDate: CustomStringConvertible {
  /// IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
  package var description: String {
    let second = ((secondsSinceEpoch % 86400) + 86400) % 86400
    let days = (secondsSinceEpoch - second) / 86400
    let date = HTTPDate.civil(days)
    let day = HTTPDate.dayNames[Int(((days + 4) % 7 + 7) % 7)]
    let month = HTTPDate.monthNames[Int(date.month) - 1]
    let year = String(date.year)
    let clock = [second / 3600, second / 60 % 60, second % 60].map(HTTPDate.twoDigits).joined(separator: ":")
    let padding = String(repeating: "0", count: max(0, 4 - year.count))
    return "\(day), \(HTTPDate.twoDigits(date.day)) \(month) \(padding)\(year) \(clock) GMT"
  }

  private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
