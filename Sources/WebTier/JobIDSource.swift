import EventLoop
import FoundationEssentials
import Jobs

/// Identifiers from the system's clock and randomness.
@LoopActor
final class JobIDSource {
  private var generator = JobIDGenerator()
  private var random = BufferedRandom()

  func next() -> JobID {
    generator.next(millisecondsSince1970: Int64(Date().timeIntervalSince1970 * 1000), using: &random)
  }
}
