import AWS
import Foundation
import Testing

@Suite("signing times")
struct SigningTimeTests {
  @Test("formatting and parsing agree with a calendar, on every fifth day of four hundred years")
  func calendar() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    for day in stride(from: 0, to: 146_097, by: 5) {
      let date = Date(timeIntervalSince1970: Double(day * 86_400 + day % 86_400))
      let time = SigningTime(date)
      if day.isMultiple(of: 61 * 5) {
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let year = try #require(parts.year)
        let month = try #require(parts.month)
        let day = try #require(parts.day)
        #expect(time.day == String(year * 10_000 + month * 100 + day))
      }
      guard SigningTime(time.text)?.secondsSince1970 == time.secondsSince1970,
        HTTPDate.parse(HTTPDate.format(date)) == date
      else {
        Issue.record("day \(day) does not survive a round trip: \(time.text)")
        return
      }
    }
  }

  @Test("the examples of the documents")
  func examples() {
    #expect(SigningTime(Date(timeIntervalSince1970: 1_440_938_160)).text == "20150830T123600Z")
    #expect(SigningTime("20150830T123600Z")?.secondsSince1970 == 1_440_938_160)
    #expect(HTTPDate.format(Date(timeIntervalSince1970: 784_111_777)) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(SigningTime("20240229T235959Z")?.secondsSince1970 == 1_709_251_199)
    #expect(SigningTime("20240301T000000Z")?.secondsSince1970 == 1_709_251_200)
    #expect(SigningTime("21000229T000000Z") == nil)
    #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT")?.timeIntervalSince1970 == 784_111_777)
  }

  @Test(
    "dates that do not exist, or are written otherwise, are refused",
    arguments: [
      "20150229T000000Z", "20151301T000000Z", "20150100T000000Z", "20150101T240000Z", "20150101T006000Z",
      "20150101T000060Z", "20150101T000000", "2015-01-01T00:00:00Z", "20150101 000000Z", "", "２0150101T000000Z",
      "+0150101T000000Z",
    ])
  func refused(text: String) {
    #expect(SigningTime(text) == nil)
    #expect(HTTPDate.parse(text) == nil)
  }

  @Test(
    "obsolete and broken HTTP dates are refused",
    arguments: [
      "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
    ])
  func refusedHTTPDate(text: String) {
    #expect(HTTPDate.parse(text) == nil)
  }
}
