import ArgumentParser

/// Where images, results and jobs are; the same for every command of an installation.
struct InstallationOptions: ParsableArguments {
  @Option(help: "Bucket that images are stored in.")
  var inputBucket = "saccade-input"

  @Option(help: "Bucket that results are stored in.")
  var outputBucket = "saccade-output"

  @Option(help: "What the names of the queues begin with.")
  var queuePrefix = "saccade"
}
