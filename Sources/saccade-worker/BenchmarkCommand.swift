import ArgumentParser
import Foundation
import Glibc
import Recognition
import Synchronization

struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark", abstract: "Measures how many images a second this machine recognises.",
    discussion: """
      The model alone on pixels that are ready, one image at a time and as many as it takes best (--batch-size), decoding \
      alone, and both, by turns. A fleet is sized by the last: a worker \
      does hardly less. Processor time is that of the whole process, which other work on the machine disturbs less.

      Example:
        saccade-worker benchmark --seconds 10 photos
      """)

  @Argument(
    help: ArgumentHelp("Image files, which are taken in turn; or folders of them.", valueName: "file"),
    completion: .file())
  var files: [String]

  @Option(help: ArgumentHelp("Images at once, each on a core, 1 to 256.", valueName: "n"))
  var concurrency = 1

  @Option(help: ArgumentHelp("For each of the four, in all, 1 to 3600.", valueName: "seconds"))
  var seconds = 5

  @Flag(help: "A JSON object instead of text.")
  var json = false

  @OptionGroup var modelOptions: ModelOptions

  func validate() throws {
    guard (1...256).contains(concurrency) else { throw ValidationError("--concurrency is 1 to 256") }
    guard (1...3600).contains(seconds) else { throw ValidationError("--seconds is 1 to 3600") }
    try modelOptions.requireSingle()
  }

  func run() throws {
    let decoders = modelOptions.startDecoders(concurrency: concurrency)
    let recognizer = try modelOptions.recognizer(concurrency: concurrency, decoders: decoders)
    _ = try modelOptions.awaitDecoders(decoders)
    let samples = try samples(for: recognizer.decoder)

    let batchSize = recognizer.classifier.batchSize
    var (model, batched, decoding, whole) = (Measurement(), Measurement(), Measurement(), Measurement())
    for round in 0...Self.roundCount {
      let duration = Duration.seconds(seconds) / Self.roundCount
      let alone = try measure(duration, decoders) { indices in
        _ = try recognizer.classifier.classify(samples[indices.lowerBound % samples.count].pixels)
      }
      let aloneBatched = try measure(duration, decoders, batchSize) { indices in
        let pictures = indices.map { samples[$0 % samples.count].pixels }
        for top in try recognizer.classifier.classify(pictures) { _ = try top.get() }
      }
      let decoded = try measure(duration, decoders) { indices in
        let image = samples[indices.lowerBound % samples.count].image
        _ = try recognizer.decoder.decode(image.span)
      }
      let together = try measure(duration, decoders, batchSize) { indices in
        for result in recognizer.recognize(indices.map { samples[$0 % samples.count].image }) { _ = try result.get() }
      }
      // The first is for warming up.
      if round > 0 {
        model.add(alone)
        batched.add(aloneBatched)
        decoding.add(decoded)
        whole.add(together)
      }
    }
    let report = Report(
      model: recognizer.classifier.model.name, precision: recognizer.classifier.precision, images: samples.count,
      concurrency: concurrency, batchSize: batchSize, modelAlone: .init(model, concurrency),
      modelAloneInBatches: .init(batched, concurrency),
      decodingAlone: .init(decoding, concurrency), withDecoding: .init(whole, concurrency))
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(report), as: UTF8.self))
    } else {
      print(report)
    }
  }

  private static let roundCount = 5
  /// Files and their pixels, which are all in memory.
  private static let byteCountMax = 1 << 30

  /// The images that can be decoded, with their pixels. What cannot be is no measure of anything, and is told.
  private func samples(for decoder: ImageDecoder) throws -> [Sample] {
    var samples: [Sample] = []
    var byteCount = 0
    for entry in ImageFiles(files, isStopped: { false }).entries {
      if case .unreadable(let reason) = entry.origin { throw ValidationError("\(entry.path): \(reason)") }
      let url = URL(filePath: entry.path)
      // Looked at first: a file as large as the disk is not to be read to be refused.
      byteCount += try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      try requireRoom(for: byteCount)
      let image = [UInt8](try Data(contentsOf: url))
      do {
        let pixels = try decoder.decode(image.span)
        byteCount += pixels.bytes.count
        samples.append(Sample(image: image, pixels: pixels))
      } catch {
        byteCount -= image.count
        // A folder may hold other things than images.
        if case .found = entry.origin, error == .unsupportedFormat { continue }
        FileHandle.standardError.write(Data("\(entry.path) is left out: \(error.message)\n".utf8))
      }
      try requireRoom(for: byteCount)
    }
    guard !samples.isEmpty else { throw ValidationError("none of the files is an image that can be decoded") }
    return samples
  }

  private func requireRoom(for byteCount: Int) throws {
    guard byteCount <= Self.byteCountMax else {
      throw ValidationError("the images and their pixels, which are kept in memory, have more than 1 GiB: name fewer")
    }
  }

  /// Repeats `work` on as many threads as there are to be inferences at once. It is given ascending numbers, `batchSize` a
  /// time; its first error ends the measurement.
  private func measure(
    _ duration: Duration, _ decoders: DecoderPool?, _ batchSize: Int = 1,
    _ work: @escaping @Sendable (Range<Int>) throws -> Void
  ) throws -> Measurement {
    let next = Atomic(0)
    let failure = Mutex<(any Error)?>(nil)
    let start = ContinuousClock.now
    let cpu = Measurement.cpu(with: decoders)
    let end = start + duration
    DispatchQueue.concurrentPerform(iterations: concurrency) { _ in
      do {
        while ContinuousClock.now < end {
          let first = next.wrappingAdd(batchSize, ordering: .relaxed).oldValue
          try work(first..<first + batchSize)
        }
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return Measurement(
      count: next.load(ordering: .relaxed), elapsed: ContinuousClock.now - start,
      cpu: Measurement.cpu(with: decoders) - cpu)
  }
}

/// A file, and what the model sees of it.
private struct Sample: Sendable {
  let image: [UInt8]
  let pixels: PixelTensor
}

/// So many images in so much time.
private struct Measurement {
  var count = 0
  var elapsed = Duration.zero
  /// User and system time of the process.
  var cpu = Duration.zero

  mutating func add(_ other: Measurement) {
    count += other.count
    elapsed += other.elapsed
    cpu += other.cpu
  }

  /// Of this process and those that decode for it. One that is replaced meanwhile would be missing: no image here makes it.
  static func cpu(with decoders: DecoderPool?) -> Duration {
    var total = time(of: CLOCK_PROCESS_CPUTIME_ID)
    for process in decoders?.processIdentifiers ?? [] {
      var clock: clockid_t = 0
      if clock_getcpuclockid(process, &clock) == 0 { total += time(of: clock) }
    }
    return total
  }

  private static func time(of clock: clockid_t) -> Duration {
    var time = timespec()
    clock_gettime(clock, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

private struct Report: Encodable, CustomStringConvertible {
  struct Rate: Encodable {
    let imagesPerSecond: Double
    let imagesPerSecondPerCore: Double
    let cpuMillisecondsPerImage: Double

    init(_ measurement: Measurement, _ concurrency: Int) {
      imagesPerSecond = Double(measurement.count) / (measurement.elapsed / .seconds(1))
      imagesPerSecondPerCore = imagesPerSecond / Double(concurrency)
      cpuMillisecondsPerImage = measurement.cpu / .milliseconds(1) / Double(max(1, measurement.count))
    }
  }

  let model: String
  let precision: String
  let images: Int
  let concurrency: Int
  let batchSize: Int
  let modelAlone: Rate
  let modelAloneInBatches: Rate
  let decodingAlone: Rate
  let withDecoding: Rate

  /// Of the images that the model alone, one at a time, does in the same processor time.
  var share: Double { modelAlone.cpuMillisecondsPerImage / withDecoding.cpuMillisecondsPerImage }

  var description: String {
    func line(_ name: String, _ rate: Rate) -> String {
      String(
        format: "%@ %7.1f images/s, %7.1f a core, %6.2f ms of CPU each", name, rate.imagesPerSecond,
        rate.imagesPerSecondPerCore, rate.cpuMillisecondsPerImage)
    }
    return """
      \(model) in \(precision), \(images) images, \(concurrency) at once
      \(line("model alone   ", modelAlone))
      \(line("\(batchSize) at a time   ", modelAloneInBatches))
      \(line("decoding alone", decodingAlone))
      \(line("with decoding ", withDecoding)), \(String(format: "%.2f", share)) of the model alone
      """
  }
}
