import AWS
import ArgumentParser
import Elasticity
import EventLoop
import Foundation
import Jobs
import Logs

struct UpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Run everything on this machine: storage and queues, the web tier and workers.",
    discussion: """
      Starts `saccade cloud`, `saccade web` and the workers as child processes, restarts one that dies, and stops all \
      of them on Ctrl-C. As the queue fills there are more workers, up to --max, and --min again when it has been empty \
      for a while; a busy worker is not stopped. `saccade status` shows them.

      Example:
        saccade up --port 8080 --min 1 --max 4
      """)

  @Option(help: "Address the web tier listens on.")
  var host = "127.0.0.1"

  @Option(help: "Port the web tier listens on; 0 takes a free one.")
  var port = 8080

  @Option(help: "Port of the embedded S3 and SQS endpoint, on the loopback address; 0 takes a free one.")
  var cloudPort = 9000

  @OptionGroup var workers: WorkerCount

  @Option(help: "Folder that holds everything that must survive a restart.")
  var data = "saccade-data"

  @Option(
    help: """
      OpenVINO IR or ONNX file to classify with, or name=path. Several may be given: clients choose by name, the first is \
      the default. (default: the installed EfficientNet-Lite0)
      """)
  var model: [String] = []

  @Option(help: "A line for each request with images.")
  var accessLog = Switch.off

  @OptionGroup var log: LogOptions

  @OptionGroup var installation: InstallationOptions

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("--port is 0 to 65535.") }
    guard (0...65_535).contains(cloudPort) else { throw ValidationError("--cloud-port is 0 to 65535.") }
  }

  func run() throws {
    endWithSupervisor()
    let status = try EventLoop.shared.run { [self] in try await Machine(options: self).run() }
    if status != 0 { throw ExitCode(status) }
  }
}
