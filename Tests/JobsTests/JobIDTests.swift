import EventLoop
import Jobs
import TestSupport
import Testing

@Suite("Job ids")
struct JobIDTests {
  /// RFC 9562 A.6
  static let example = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

  @Test("the example of RFC 9562 is read and written")
  func example() throws {
    let id = try #require(JobID(Self.example))
    #expect(id.description == Self.example)
    #expect(id.millisecondsSince1970 == 0x017f_22e2_79b0)
    #expect(id.bytes.count == 16)
    #expect(id.bytes.prefix(8) == [0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3])
    #expect(id.bytes.suffix(8) == [0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
  }

  @Test(
    "what is not the one text of an id is refused",
    arguments: [
      "", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "017f22e279b07cc398c4dc0c0c07398f",
      "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
      "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f", "017f22e2-79b0-7cc3-18c4-dc0c0c07398f",
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2-79b07-cc3-98c4-dc0c0c07398f",
      "017f22e2_79b0_7cc3_98c4_dc0c0c07398f", "+17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    ])
  func refused(text: String) {
    #expect(JobID(text) == nil)
  }

  @Test("a new id has the time, the version and the variant in it, and reads back")
  func fields() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("job id seed: \(seed)")
    var random = SplitMix64(seed: seed)
    var generator = JobIDGenerator()
    for round in 0..<1000 {
      let now = Int64.random(in: 0..<(1 << 47), using: &random) + Int64(round)
      var fresh = JobIDGenerator()
      let id = fresh.next(millisecondsSince1970: now, using: &random)
      #expect(id.millisecondsSince1970 == now)
      #expect(id.bytes[6] >> 4 == 7)
      #expect(id.bytes[8] >> 6 == 0b10)
      #expect(JobID(id.description) == id)
      #expect(id.description.utf8.count == JobID.textByteCount)
      _ = generator.next(millisecondsSince1970: now, using: &random)
    }
  }

  @Test("ids ascend within a millisecond, in memory and as text, also past the counter's end")
  func ascending() {
    var random = SplitMix64(seed: 1)
    var generator = JobIDGenerator()
    let ids = (0..<10_000).map { _ in generator.next(millisecondsSince1970: 1_700_000_000_000, using: &random) }
    #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
    let texts = ids.map(\.description)
    #expect(zip(texts, texts.dropFirst()).allSatisfy { $0 < $1 })
    #expect(Set(ids).count == ids.count)
    // A millisecond holds at least 2048 of them, so the time in them runs ahead by no more than this.
    #expect(ids.allSatisfy { $0.millisecondsSince1970 <= 1_700_000_000_000 + 10_000 / 2048 })
  }

  @Test("ids ascend when the clock is set back by no more than the bound, and follow it beyond")
  func rollback() {
    var random = SplitMix64(seed: 2)
    var generator = JobIDGenerator()
    let first = generator.next(millisecondsSince1970: 100_000, using: &random)
    let second = generator.next(millisecondsSince1970: 90_000, using: &random)
    #expect(second > first)
    #expect(second.millisecondsSince1970 == 100_000)
    let third = generator.next(millisecondsSince1970: 89_999, using: &random)
    #expect(third.millisecondsSince1970 == 89_999)
    let fourth = generator.next(millisecondsSince1970: 89_999, using: &random)
    #expect(fourth > third)
  }

  @Test("the random bits are new in every id and all of them are used")
  func randomBits() {
    var ones = Constant(value: .max)
    var zeros = Constant(value: 0)
    var generator = JobIDGenerator()
    #expect(
      generator.next(millisecondsSince1970: 0xffff_ffff_ffff, using: &ones).description
        == "ffffffff-ffff-77ff-bfff-ffffffffffff")
    var other = JobIDGenerator()
    #expect(
      other.next(millisecondsSince1970: 1, using: &zeros).description == "00000000-0001-7000-8000-000000000000")
    var random = SplitMix64(seed: 3)
    let tails = (0..<1000).map { _ in
      generator.next(millisecondsSince1970: 5, using: &random).description.suffix(16)
    }
    #expect(Set(tails).count == tails.count)
  }

  @Test("two processes that start in the same millisecond do not collide")
  func twoGenerators() {
    var random = SystemRandomNumberGenerator()
    var ids: Set<JobID> = []
    for _ in 0..<1000 {
      var generator = JobIDGenerator()
      ids.insert(generator.next(millisecondsSince1970: 7, using: &random))
    }
    #expect(ids.count == 1000)
  }
}
