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

      Examples:
        saccade up --port 8080 --min 1 --max 4
        saccade up --workers 2 --access-log on --log-format json
      """)

  @Option(help: ArgumentHelp("Numeric address the web tier listens on, or localhost.", valueName: "address"))
  var host = "127.0.0.1"

  @Option(help: "Port the web tier listens on, 1 to 65535; 0 takes a free one.")
  var port = 8080

  @Option(
    help: ArgumentHelp(
      "Port of the embedded S3 and SQS endpoint, on the loopback address, 1 to 65535; 0 takes a free one.",
      valueName: "port"))
  var cloudPort = 9000

  @OptionGroup var workers: WorkerCount

  @Option(
    help: ArgumentHelp("Folder that holds everything that must survive a restart.", valueName: "dir"),
    completion: .directory)
  var data = "saccade-data"

  @Option(
    help: ArgumentHelp(
      """
      OpenVINO IR or ONNX file to classify with, or name=path. Up to eight may be given: clients choose by name, the first \
      is the default. (default: the installed EfficientNet-Lite0)
      """,
      valueName: "path"),
    completion: .file(extensions: ["xml", "onnx"]))
  var model: [String] = []

  @Option(help: ArgumentHelp("A line on standard error for each request with images.", valueName: "switch"))
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
