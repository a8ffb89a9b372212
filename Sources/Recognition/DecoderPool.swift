package import Glibc

/// As many decoder processes as images may be decoded at once; each that ends, or must be ended, is replaced.
///
/// Any number of threads may call `decode`; those that find no process idle wait. An image on which a decoder crashes, takes
/// too long or too much memory is refused like any other that cannot be decoded. A decoder that cannot be started is not
/// tried again before a time that doubles from failure to failure.
package final class DecoderPool: Sendable {
  package let limits: ImageLimits
  private let executable: String
  private let slots: IdlePool<Slot>

  /// Starting takes a few tenths of a second, more on a machine that is busy.
  private static let startTimeMax: Duration = .seconds(20)
  private static let retryDelay: Duration = .milliseconds(500)
  private static let retryDelayMax: Duration = .seconds(30)

  /// A place for one process, used by the one thread that has taken it out of `slots`.
  private final class Slot: @unchecked Sendable {
    var process: DecoderProcess?
    /// Said by the process when it got ready; nil until then.
    var confinement: String?
    private(set) var failure = ""
    private(set) var retryAt = ContinuousClock.now
    var failureCount = 0

    func fail(_ reason: String) {
      process = nil
      failure = "the decoder does not start: \(reason)"
      failureCount += 1
      let delay = DecoderPool.retryDelay * (1 << min(failureCount - 1, 10))
      retryAt = .now + min(delay, DecoderPool.retryDelayMax)
    }
  }

  /// Begins to start them; `waitUntilReady` tells whether they did.
  /// - Parameter executable: a `saccade-worker`.
  package init(count: Int, limits: ImageLimits = ImageLimits(), executable: String = "/proc/self/exe") {
    precondition(count > 0)
    self.limits = limits
    self.executable = executable
    slots = IdlePool((0..<count).map { _ in Slot() })
    for slot in slots.idle { start(in: slot) }
  }

  /// Of the processes that are idle, in no order.
  package var processIdentifiers: [pid_t] {
    slots.idle.compactMap { $0.process?.processIdentifier }
  }

  /// Waits for every process. For the start, before images come.
  /// - Returns: what confines them, for people.
  /// - Throws: `RecognitionError.decoderUnavailable` with the reason.
  package func waitUntilReady() throws(RecognitionError) -> String {
    var confinement = ""
    for slot in slots.idle {
      _ = try readyProcess(in: slot)
      confinement = slot.confinement ?? ""
    }
    return confinement
  }

  /// Decodes as `ImageDecoder` does. Blocks its thread, at most for `limits.decodingTimeMax` or twice that, and for the
  /// start of a new process.
  package func decode(
    _ file: Span<UInt8>, inputSide: Int, resizeSide: Int
  ) throws(RecognitionError) -> PixelTensor {
    guard !file.isEmpty else { throw .undecoded(.empty) }
    do { try limits.check(byteCount: file.count) } catch { throw .undecoded(error) }
    return try slots.withElement { (slot) throws(RecognitionError) in
      try decode(file, inputSide: inputSide, resizeSide: resizeSide, in: slot)
    }
  }

  private func decode(
    _ file: Span<UInt8>, inputSide: Int, resizeSide: Int, in slot: Slot
  ) throws(RecognitionError) -> PixelTensor {
    // A process that was killed from outside tells nothing of the image, once.
    for isLastAttempt in [false, true] {
      let process = try readyProcess(in: slot)
      do {
        return try process.decode(file, inputSide: inputSide, resizeSide: resizeSide)
      } catch .refused(let error) {
        throw .undecoded(error)
      } catch {
        let signal = process.end()
        start(in: slot)
        switch error {
        case .late: throw .undecoded(.undecodable("decoding it took more than \(limits.decodingTimeMax)"))
        case .nonsense: throw .undecoded(.undecodable("its decoder gave no pixels"))
        case .ended where !isLastAttempt && signal.map(Self.isFromOutside) != false: continue
        case .ended, .refused:
          let cause = signal.map { " (signal \($0))" } ?? ""
          throw .undecoded(.undecodable("its decoder crashed or took too much memory\(cause)"))
        }
      }
    }
    preconditionFailure("the last attempt neither returned nor threw")
  }

  private static func isFromOutside(_ signal: Int32) -> Bool { signal == SIGKILL }

  private func readyProcess(in slot: Slot) throws(RecognitionError) -> DecoderProcess {
    if slot.process == nil {
      guard ContinuousClock.now >= slot.retryAt else {
        throw .decoderUnavailable("the decoder could not be started and is not tried again yet")
      }
      start(in: slot)
    }
    guard let process = slot.process else { throw .decoderUnavailable(slot.failure) }
    guard slot.confinement == nil else { return process }
    do {
      slot.confinement = try process.awaitReady(within: Self.startTimeMax)
      slot.failureCount = 0
      return process
    } catch {
      process.end()
      slot.fail(error.text)
      throw .decoderUnavailable(slot.failure)
    }
  }

  /// Begins to start a new process.
  private func start(in slot: Slot) {
    slot.process = nil
    slot.confinement = nil
    do {
      slot.process = try DecoderProcess(executable: executable, limits: limits)
    } catch {
      slot.fail(error.text)
    }
  }
}
