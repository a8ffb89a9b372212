package import AWS
package import EventLoop
import FoundationEssentials
package import Logging

/// The EC2 instance a worker runs on: hears of its end in time, and keeps an Auto Scaling group from choosing it while it
/// is busy. One worker process an instance, since each would speak for all of it.
/// It promises to do so beside the jobs: whatever fails here costs a line in the log, and no job waits for it.
@LoopActor package final class EC2Instance {
  package enum Notices: String, Sendable, CaseIterable {
    /// If an instance metadata service answers at the start.
    case auto
    case on, off
  }

  package struct Configuration: Sendable {
    package var notices = Notices.auto
    /// Whose member the instance is; nil for no protection from scale-in.
    package var autoScalingGroup: String?
    /// Completed when the group terminates the instance and the worker has drained.
    package var lifecycleHook: String?

    package init() {}

    fileprivate var isAnythingToDo: Bool { notices != .off || autoScalingGroup != nil }
    /// Whether it is certain that this is an instance.
    fileprivate var insists: Bool { notices == .on || autoScalingGroup != nil }
  }

  private let configuration: Configuration
  private let limits: WorkerLimits
  private let metadata: InstanceMetadata
  private let autoScaling: AutoScalingClient
  private let logger: Logger
  private var instanceID: String?
  private var protection: ScaleInProtection?
  private var watching: Task<Void, Never>?
  private var isMetadataFailing = false

  package init(
    _ configuration: Configuration, limits: WorkerLimits, metadata: InstanceMetadata, autoScaling: AutoScalingClient,
    logger: Logger
  ) {
    self.configuration = configuration
    self.limits = limits
    self.metadata = metadata
    self.autoScaling = autoScaling
    self.logger = logger
  }

  /// Returns when no notice stands, or the task is cancelled. A process that is started anew after its drain must not take
  /// jobs until the instance is gone, only to give them back: each time counts as a receive. Where it is not certain that
  /// this is an instance, nobody is asked, since no answer takes seconds.
  package func waitOutNotices() async {
    guard configuration.insists, configuration.notices != .off else { return }
    while let notice = await notice() {
      logger.notice("no jobs are taken: \(notice)")
      guard (try? await sleep(for: limits.noticeInterval)) != nil else { return }
    }
  }

  /// - Parameter onNotice: called once, if at all.
  package func watch(over worker: Worker, onNotice: @escaping @LoopActor (InstanceNotice) -> Void) {
    guard configuration.isAnythingToDo else { return }
    watching = EventLoop.shared.spawn { [self] in
      guard let instanceID = await identify(), !Task.isCancelled else { return }
      self.instanceID = instanceID
      logger.info("this is the instance \(instanceID)")
      if let group = configuration.autoScalingGroup { protect(instanceID, in: group, while: worker) }
      if configuration.notices != .off, let notice = await nextNotice() {
        logger.notice("\(notice)")
        onNotice(notice)
      }
    }
  }

  /// How long a drain may take because of a notice: the instance's time, less what the drain itself needs to give jobs back
  /// and `finish`.
  package func drainTimeout(for notice: InstanceNotice) -> Duration? {
    notice.remaining(at: Date()).map { max(.zero, $0 - limits.giveBackTimeout * 2 - limits.farewellTimeout) }
  }

  /// When the worker has drained: takes the protection off, or lets the group go on with the instance's end.
  package func finish(after notice: InstanceNotice?) async {
    watching?.cancel()
    await protection?.close(removing: notice == nil, within: limits.farewellTimeout)
    guard notice == .terminated, let group = configuration.autoScalingGroup, let hook = configuration.lifecycleHook,
      let instanceID
    else { return }
    await withDeadline(limits.farewellTimeout) { [autoScaling, logger] in
      do {
        try await autoScaling.completeLifecycleAction(of: instanceID, hook: hook, in: group)
        logger.info("the lifecycle hook \(hook) is completed")
      } catch {
        logger.warning("the group waits for the lifecycle hook \(hook) until its timeout: \(error)")
      }
    }
  }

  private func protect(_ instanceID: String, in group: String, while worker: Worker) {
    let protection = ScaleInProtection(limits: limits, logger: logger) { [autoScaling] (isProtected) throws(AWSError) in
      try await autoScaling.setInstanceProtection(of: instanceID, in: group, to: isProtected)
    }
    self.protection = protection
    worker.observeBusy { protection.setBusy($0) }
    protection.setBusy(worker.heldCount > 0)
  }

  /// Nil when this is no instance, or nothing here was told to insist that it is one.
  private func identify() async -> String? {
    while true {
      do {
        if let id = try await metadata.get("instance-id") { return id.trimmed }
        let level: Logger.Level = configuration.insists ? .error : .debug
        logger.log(level: level, "the instance metadata service is disabled or has no instance-id: no notices of it")
        return nil
      } catch {
        guard configuration.insists else {
          logger.debug("no instance metadata service, so no notices: \(error)")
          return nil
        }
        metadataFailed(error)
      }
      guard (try? await sleep(for: limits.noticeInterval)) != nil else { return nil }
    }
  }

  /// Nil when the task is cancelled.
  private func nextNotice() async -> InstanceNotice? {
    while true {
      if let notice = await notice() { return notice }
      guard (try? await sleep(for: limits.noticeInterval)) != nil else { return nil }
    }
  }

  /// The one that stands now, as far as is known.
  private func notice() async -> InstanceNotice? {
    do throws(CredentialsError) {
      if let action = try await metadata.get("spot/instance-action") { return InstanceNotice(spotAction: action) }
      if try await metadata.get("autoscaling/target-lifecycle-state")?.trimmed == "Terminated" { return .terminated }
      isMetadataFailing = false
    } catch {
      metadataFailed(error)
    }
    return nil
  }

  /// Said once, not every few seconds.
  private func metadataFailed(_ error: CredentialsError) {
    if !isMetadataFailing, !Task.isCancelled { logger.warning("notices of this instance's end are not seen: \(error)") }
    isMetadataFailing = true
  }
}

extension String {
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
