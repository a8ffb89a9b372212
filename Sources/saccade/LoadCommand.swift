import ArgumentParser
import EventLoop
import Foundation
import Glibc
import Load

/// `saccade load`: sends images as many clients would, and measures.
struct LoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Generate workload: send a folder's images, measure latency, check labels.",
    discussion: """
      Without --rate each of --connections sends its next image when it has its answer (a closed loop). With --rate images \
      are due at times of their own, whatever becomes of those before (an open loop), and latency counts from when one was \
      due: a server that stalls cannot hide. What no connection is free for within --timeout is counted as dropped; like \
      what times out it is in the latencies with the timeout, the least that it took.

      Every image is sent once, unless --requests or --duration say otherwise; then the folder's in turn. One address may \
      have 1024 connections to a 'saccade web' that is not told otherwise (--max-connections-per-address).

      Ctrl-C ends with the report of what was done. Exits with 0 when every request was answered, 1 when one was not, 2 for \
      wrong usage.

      Examples:
        saccade load --url http://127.0.0.1:8080/ --images photos --print
        saccade load --images photos --labels --connections 100 --svg load.svg
        saccade load --images photos --rate 50 --duration 60 --warm-up 5 --json
      """)

  @Option(
    help: ArgumentHelp("Where images are sent: / answers labels, /v1/images more.", valueName: "url"))
  var url = "http://127.0.0.1:8080/"

  @Option(
    help: ArgumentHelp(
      "A folder whose images are sent, in the order of their names, those in folders below too; or one image.",
      valueName: "path"), completion: .file())
  var images: String

  @Option(help: ArgumentHelp("Requests to send, 1 to 1000000000. (default: every image once)", valueName: "n"))
  var requests: Int?

  @Option(help: ArgumentHelp("For how long requests are sent, up to 86400.", valueName: "seconds"))
  var duration: Double?

  @OptionGroup(title: "Pacing") var pacing: LoadPacingOptions

  @Option(help: ArgumentHelp("How long requests are sent at the beginning that do not count.", valueName: "seconds"))
  var warmUp = 0.0

  @Option(help: ArgumentHelp("From when a request is due until it has failed, up to 86400.", valueName: "seconds"))
  var timeout = 60.0

  @Option(help: ArgumentHelp("Whether a connection is kept for the next request.", valueName: "switch"))
  var keepAlive = Switch.on

  @Flag(
    name: .customLong("async"), help: "Ask for a 202 and fetch the answer from where it says (Prefer: respond-async).")
  var isAsynchronous = false

  @Option(
    help: ArgumentHelp(
      """
      A key, where the service asks for one; every user of this machine sees it in the list of processes. \
      (default: SACCADE_API_KEY of the environment)
      """, valueName: "key"))
  var apiKey: String?

  @Option(help: ArgumentHelp("Which of the service's models is to classify.", valueName: "name"))
  var model: String?

  @Option(
    help: ArgumentHelp("PEM file with the authorities to trust for https, instead of the system's.", valueName: "file"),
    completion: .file())
  var caCertificate: String?

  @OptionGroup(title: "Output") var output: LoadOutputOptions

  func validate() throws {
    guard (1...1_000_000_000).contains(requests ?? 1) else { throw ValidationError("--requests is 1 to 1000000000.") }
    for (name, value) in [("--duration", duration ?? 1), ("--timeout", timeout)] {
      guard value > 0, value <= 86_400 else {
        throw ValidationError("\(name) is more than 0, and at most 86400 seconds.")
      }
    }
    guard warmUp >= 0, warmUp < duration ?? .infinity else {
      throw ValidationError("--warm-up is less than --duration.")
    }
    try pacing.check()
    try output.check()
  }

  func run() throws {
    let head = try requestHead()
    let images: LoadImages
    do {
      images = try LoadImages(path: self.images, head: head, countMax: requests ?? LoadLimits.imageCountMax)
    } catch {
      throw ValidationError("--images: \(error).")
    }
    let plan = plan(imageCount: images.images.count)
    // A few for files, the loop's own, and names that are looked up.
    let wanted = plan.connectionCount + 64
    let descriptorCount = DescriptorLimit.raise(to: wanted)
    guard descriptorCount >= wanted else {
      throw ValidationError(
        "--connections: this process may have \(descriptorCount) descriptors, which is enough for \(max(0, descriptorCount - 64))"
          + " ('ulimit -Hn' tells the limit).")
    }
    let output = output
    let report = try EventLoop.shared.run { try await LoadScreen(output).show(plan, images: images, head: head) }
    try output.write(report)
    if !report.isComplete { throw ExitCode(1) }
  }

  private func requestHead() throws -> LoadImages.Head {
    let target: LoadTarget
    do { target = try LoadTarget(url, model: model) } catch { throw ValidationError("--url: \(error)") }
    var head = LoadImages.Head(target: target)
    head.keepsAlive = keepAlive == .on
    head.wantsJSON = output.labels
    head.isAsynchronous = isAsynchronous
    head.key = apiKey ?? ProcessInfo.processInfo.environment["SACCADE_API_KEY"].flatMap { $0.isEmpty ? nil : $0 }
    guard head.key?.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) ?? true else {
      throw ValidationError("--api-key has characters that no key has.")
    }
    return head
  }

  private func plan(imageCount: Int) -> LoadPlan {
    var plan = LoadPlan()
    pacing.apply(to: &plan)
    plan.requestCount = requests ?? (duration == nil ? imageCount : nil)
    plan.duration = duration.map { .seconds($0) }
    plan.warmUp = .seconds(warmUp)
    plan.timeout = .seconds(timeout)
    plan.keepsAlive = keepAlive == .on
    plan.isAsynchronous = isAsynchronous
    plan.checksLabels = output.labels
    plan.authorityFile = caCertificate
    return plan
  }
}
