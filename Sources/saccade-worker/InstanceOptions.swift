import AppTier
import ArgumentParser

/// What a worker on an EC2 instance has to do with EC2 and Auto Scaling.
struct InstanceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Whether to ask the instance metadata service for notices of the instance's end: on, off, or auto, if the service \
      answers at the start. AWS_EC2_METADATA_SERVICE_ENDPOINT and AWS_EC2_METADATA_DISABLED are heeded.
      """,
      valueName: "when"))
  var instanceNotices = EC2Instance.Notices.auto

  @Option(
    help: ArgumentHelp(
      "The Auto Scaling group of this instance, which is protected from scale-in while it has jobs.",
      valueName: "name"))
  var autoScalingGroup: String?

  @Option(
    help: ArgumentHelp(
      "The group's lifecycle hook that is completed when the group terminates the instance and all is given back.",
      valueName: "name"))
  var lifecycleHook: String?

  func validate() throws {
    if autoScalingGroup?.isEmpty ?? false { throw ValidationError("--auto-scaling-group is a group's name") }
    guard lifecycleHook != nil else { return }
    if autoScalingGroup == nil { throw ValidationError("--lifecycle-hook needs --auto-scaling-group") }
    if instanceNotices == .off { throw ValidationError("--lifecycle-hook needs --instance-notices on or auto") }
  }

  var configuration: EC2Instance.Configuration {
    var configuration = EC2Instance.Configuration()
    configuration.notices = instanceNotices
    configuration.autoScalingGroup = autoScalingGroup
    configuration.lifecycleHook = lifecycleHook
    return configuration
  }
}

extension EC2Instance.Notices: ExpressibleByArgument {}
