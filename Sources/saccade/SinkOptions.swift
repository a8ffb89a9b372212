import ArgumentParser
import LocalCloud

/// What turns `saccade cloud` into a sink.
struct SinkOptions: ParsableArguments {
  @Flag(
    name: .customLong("sink"),
    help: """
      Keep nothing: objects are read and thrown away, every job is answered at once, buckets and queues exist as soon \
      as they are named, and no signature is verified. Never for anything but measuring what stands in front.
      """)
  var isSink = false

  @Option(
    name: .customLong("answer"), help: ArgumentHelp("The label that every job is answered with.", valueName: "label"))
  var label = "tench"

  @Option(help: ArgumentHelp("From a job to its answer, 0 to 900000.", valueName: "milliseconds"))
  var answerDelay = 0

  @Option(
    help: ArgumentHelp(
      "Hold back so many answers, 0 to 1000000, then give all at once; SIGUSR1 gives those held so far.", valueName: "n"
    ))
  var holdAnswers = 0

  @Option(
    name: .customLong("fail"),
    help: ArgumentHelp("The share of object uploads that get 503, 0 to 1.", valueName: "share"))
  var failureShare = 0.0

  @Option(
    name: .customLong("reset"),
    help: ArgumentHelp(
      "The share of object uploads whose connection is reset, 0 to 1; both together at most 1.", valueName: "share"))
  var resetShare = 0.0

  @Option(help: ArgumentHelp("Picks the uploads that fail: the same seed, the same ones.", valueName: "n"))
  var seed: UInt64 = 1

  func validate() throws {
    guard (0...900_000).contains(answerDelay) else { throw ValidationError("--answer-delay is 0 to 900000 ms.") }
    guard (0...1_000_000).contains(holdAnswers) else { throw ValidationError("--hold-answers is 0 to 1000000.") }
    guard failureShare >= 0, resetShare >= 0, failureShare + resetShare <= 1 else {
      throw ValidationError("--fail and --reset are shares, together at most 1.")
    }
  }

  func configuration(host: String, port: Int) -> SinkConfiguration {
    var configuration = SinkConfiguration()
    configuration.host = host
    configuration.port = port
    configuration.label = label
    configuration.answerDelay = .milliseconds(answerDelay)
    configuration.heldAnswerCount = holdAnswers
    configuration.failureShare = failureShare
    configuration.resetShare = resetShare
    configuration.seed = seed
    return configuration
  }
}
