import Jobs
import TestSupport
import Testing

@Suite("Ids that follow from a digest")
struct DerivedJobIDTests {
  let digest = (0..<32).map { UInt8($0 * 7 + 1) }

  @Test("the same digest, day and place give the same id, of the day's first millisecond")
  func deterministic() throws {
    let id = JobID(digest: digest, day: 20_000, sibling: 3)
    #expect(id == JobID(digest: digest, day: 20_000, sibling: 3))
    #expect(id.millisecondsSince1970 == 20_000 * 86_400_000)
    #expect(id.sibling == 3)
    // Version and variant are where RFC 9562 has them, or it would not read back.
    #expect(JobID(id.description) == id)
  }

  @Test("siblings share all of their text but its end, and nobody else does")
  func siblings() {
    let ids = (0..<JobID.siblingCountMax).map { JobID(digest: digest, day: 20_000, sibling: $0) }
    #expect(Set(ids).count == JobID.siblingCountMax)
    #expect(ids == ids.sorted())
    let prefix = ids[0].siblingPrefix
    #expect(ids.allSatisfy { $0.description.hasPrefix(prefix) && $0.siblingPrefix == prefix })
    #expect(prefix.utf8.count == JobID.textByteCount - 2)
    #expect(JobID(digest: digest, day: 20_001, sibling: 0).siblingPrefix != prefix)
  }

  @Test("66 bits of a digest count, each of them")
  func bits() {
    let prefix = JobID(digest: digest, day: 20_000, sibling: 0).siblingPrefix
    var count = 0
    for bit in 0..<256 {
      var other = digest
      other[bit / 8] ^= 1 << UInt8(bit % 8)
      if JobID(digest: other, day: 20_000, sibling: 0).siblingPrefix != prefix { count += 1 }
    }
    #expect(count == 66)
  }
}
