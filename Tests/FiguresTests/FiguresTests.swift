import Figures
import Testing

@Suite("Figures")
struct FiguresTests {
  @Test(
    "ticks are 1, 2 or 5 times a power of ten apart, no closer than asked and at most two and a half times as far",
    arguments: [
      (0.3, 0.5), (0.1, 0.1), (1, 1), (1.01, 2), (2, 2), (3, 5), (5.5, 10), (0.0021, 0.005), (123_456, 200_000),
    ] as [(Double, Double)])
  func steps(least: Double, step: Double) {
    #expect(abs(least.niceStep - step) < step * 1e-12)
  }

  @Test("there are ticks of nothing, too")
  func noStep() {
    for least in [0, -1, Double.nan, .infinity] { #expect(least.niceStep == 1) }
  }

  @Test("numbers have so many digits at most, and none that say nothing")
  func numbers() {
    for (number, digits, text) in [
      (1.0, 2, "1"), (1.005, 1, "1"), (0.456, 2, "0.46"), (-0.001, 2, "0"), (2.5, 0, "3"), (1234.5, 1, "1234.5"),
      (1e300, 2, "1e+300"),
    ] {
      #expect(number.text(digits: digits) == text)
    }
  }

  @Test("what is data in an XML text stays data")
  func escapes() {
    #expect("a<b> & c".xmlEscaped == "a&lt;b&gt; &amp; c")
    #expect("plain é".xmlEscaped == "plain é")
    #expect("a<b>&\"\r".xmlEscaped == "a&lt;b&gt;&amp;\"&#13;")
    #expect("&\u{301}<\u{301}\r\n".xmlEscaped == "&amp;\u{301}&lt;\u{301}&#13;\n")
  }

  @Test("a quantile lies evenly in its bucket; beyond the last finite bound it is that bound; of nothing there is none")
  func quantiles() {
    let buckets: [(bound: Double, count: Double)] = [(1, 10), (2, 10), (4, 30), (.infinity, 40)]
    #expect(buckets.quantile(0.125, of: 40) == 0.5)
    // The second bucket is empty: what is beyond the first lies in the third.
    #expect(buckets.quantile(0.5, of: 40) == 3)
    #expect(buckets.quantile(0.99, of: 40) == 4)
    #expect(buckets.quantile(0.5, of: 0) == nil)
    #expect([(bound: Double, count: Double)]().quantile(0.5, of: 3) == 0)
  }
}
