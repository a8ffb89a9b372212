import EventLoop
import Foundation
import TestSupport
import Testing

/// What an upload asks of the allocator: the one cost that a test can hold to a number, since neither the machine nor
/// its load changes it.
@Suite(.serialized)
struct AllocationTests {
  /// Uploads one after the other, so that each makes the same calls to S3 and SQS. Measured in a debug build, which allocates
  /// more than a release; a twentieth is left for what differs between compilers and library versions.
  private static let callsPerUploadMax = 3_480.0
  private static let uploadCount = 200

  @Test("an upload allocates no more than it did")
  func allocations() async throws {
    try await onLoop {
      let (front, folder) = try await CountedFront.start()
      let user = HTTPUser(front.url)
      defer {
        user.close()
        try? FileManager.default.removeItem(at: folder)
      }
      let photo = [0xff, 0xd8, 0xff, 0xe0] + [UInt8](repeating: 7, count: 100_000 - 4)
      @LoopActor func upload(_ count: Int) async throws {
        for _ in 0..<count {
          let reply = try await user.upload(photo, named: "photo.jpg", to: "/")
          #expect(reply.status == 200 && reply.text == "tench\n")
        }
      }
      // What is made once, pools and connections among it, is made now.
      try await upload(Self.uploadCount / 2)
      let before = try front.allocationCount()
      try await upload(Self.uploadCount)
      let perUpload = Double(try front.allocationCount() - before) / Double(Self.uploadCount)
      print("allocations of an upload: \(perUpload)")
      #expect(perUpload > 10, "the counter does not count")
      #expect(perUpload <= Self.callsPerUploadMax)
      await front.stop()
    }
  }
}
