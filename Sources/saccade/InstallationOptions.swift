import ArgumentParser

/// Where images, results and jobs are; the same for every command of an installation.
struct InstallationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Bucket that images are stored in.", valueName: "name"))
  var inputBucket = "saccade-input"

  @Option(help: ArgumentHelp("Bucket that results are stored in.", valueName: "name"))
  var outputBucket = "saccade-output"

  @Option(
    help: ArgumentHelp(
      "What the names of the queues begin with: 1 to 31 letters, digits, '-' and '_'.", valueName: "prefix"))
  var queuePrefix = "saccade"
}
