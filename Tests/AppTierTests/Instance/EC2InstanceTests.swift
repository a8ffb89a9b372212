import AWS
import AppTier
import EventLoop
import Foundation
import Glibc
import Jobs
import TestSupport
import Testing

@Suite(
  "A worker on an EC2 instance", .serialized,
  .enabled(
    if: Fixtures.areHere && WorkerProcess.isBuilt, "needs the binary, the model and a server of deploy/bootstrap"))
struct EC2InstanceTests {
  @Test("the instance is protected from scale-in while it has jobs, through throttling, and jobs do not wait")
  func protection() async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let services = try InstanceServices()
      services.throttledCount = 4
      let gate = Gate()
      defer { gate.open() }
      var limits = WorkerLimits(concurrency: 1)
      limits.protectionIdleDelay = .milliseconds(100)
      limits.protectionBackoff = .milliseconds(10)
      let worker = try bench.makeWorker(gate.recognition())
      let (instance, clients) = try bench.makeInstance(services, limits) { $0.autoScalingGroup = "workers" }
      defer { clients.shutdown() }
      worker.start()
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.send(job)
      await gate.nextArrival()
      // Before it has a job it would soon be idle.
      instance.watch(over: worker) { Issue.record("there is no notice: \($0)") }
      // Refused as often as the client tries, and once more; then taken.
      for _ in 0..<5 {
        let call = await services.nextCall()
        #expect(
          call == [
            "Action": "SetInstanceProtection", "Version": "2011-01-01", "AutoScalingGroupName": "workers",
            "InstanceIds.member.1": InstanceServices.instanceID, "ProtectedFromScaleIn": "true",
          ])
      }
      gate.open()
      #expect(try await bench.answer().id == job.id)
      #expect(await services.nextCall()["ProtectedFromScaleIn"] == "false")
      _ = await worker.drain()
      await instance.finish(after: nil)
      // It was off already.
      #expect(services.calls.count == 6)
      await services.shutdown()
    }
  }

  @Test("a worker that stops while it is protected takes the protection off")
  func stopping() async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let services = try InstanceServices()
      let gate = Gate()
      defer { gate.open() }
      let worker = try bench.makeWorker(gate.recognition())
      let (instance, clients) = try bench.makeInstance(services) { $0.autoScalingGroup = "workers" }
      defer { clients.shutdown() }
      instance.watch(over: worker) { _ in }
      worker.start()
      try await bench.send(try await bench.makeJob(try Fixtures.image()))
      await gate.nextArrival()
      #expect(await services.nextCall()["ProtectedFromScaleIn"] == "true")
      gate.open()
      _ = await worker.drain()
      await instance.finish(after: nil)
      #expect(services.calls.map { $0["ProtectedFromScaleIn"] } == ["true", "false"])
      await services.shutdown()
    }
  }

  @Test("a notice that comes while the worker works ends the process as SIGTERM does", arguments: ["spot", "group"])
  func notice(kind: String) async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let services = try InstanceServices()
      let worker = try await WorkerProcess(
        for: bench, ["--auto-scaling-group", "workers", "--lifecycle-hook", "drain"], services.environment)
      _ = await worker.firstLine()
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.send(job)
      #expect(try await bench.answer().id == job.id)
      #expect(await services.nextCall()["ProtectedFromScaleIn"] == "true")
      let time = (Date() + 100).formatted(.iso8601)
      services.metadata =
        kind == "spot"
        ? ["spot/instance-action": #"{"action":"terminate","time":"\#(time)"}"#]
        : ["autoscaling/target-lifecycle-state": "Terminated\n"]
      #expect(await worker.process.exit() == .exited(0))
      if kind == "spot" {
        #expect(services.calls.count == 1)
      } else {
        #expect(
          services.calls.dropFirst() == [
            [
              "Action": "CompleteLifecycleAction", "Version": "2011-01-01", "AutoScalingGroupName": "workers",
              "LifecycleHookName": "drain", "InstanceId": InstanceServices.instanceID,
              "LifecycleActionResult": "CONTINUE",
            ]
          ])
      }
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 0, hidden: 0))
      await services.shutdown()
    }
  }

  @Test("a worker that starts while a notice stands takes no job before it is withdrawn")
  func noticeAtStart() async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let services = try InstanceServices()
      services.metadata = ["spot/instance-action": "{}"]
      let job = try await bench.makeJob(try Fixtures.image())
      try await bench.send(job)
      let worker = try await WorkerProcess(for: bench, ["--instance-notices", "on"], services.environment)
      await services.nextLook()
      await services.nextLook()
      #expect(try await bench.depth(of: bench.requestQueueURL) == .init(visible: 1, hidden: 0))
      services.metadata = [:]
      #expect(try await bench.answer().id == job.id)
      worker.process.send(signal: SIGTERM)
      #expect(await worker.process.exit() == .exited(0))
      // It knows of no group.
      #expect(services.calls.isEmpty)
      await services.shutdown()
    }
  }

  @Test(
    "a metadata service that fails is asked again where there must be one",
    arguments: [EC2Instance.Notices.on, .off])
  func failingService(notices: EC2Instance.Notices) async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let services = try InstanceServices()
      services.failureCount = 5
      services.metadata = ["autoscaling/target-lifecycle-state": "InService"]
      var limits = WorkerLimits(concurrency: 1)
      limits.noticeInterval = .milliseconds(10)
      let worker = try bench.makeWorker()
      let (instance, clients) = try bench.makeInstance(services, limits) { $0.notices = notices }
      defer { clients.shutdown() }
      let (found, notice) = AsyncStream<InstanceNotice>.makeStream()
      instance.watch(over: worker) { notice.yield($0) }
      if notices == .on {
        await services.nextLook()
        // In service is no notice.
        await services.nextLook()
        services.metadata = ["autoscaling/target-lifecycle-state": "Terminated"]
        for await notice in found {
          #expect(notice == .terminated)
          break
        }
      }
      await instance.finish(after: nil)
      #expect(notices == .on || services.requestCount == 0)
      #expect(services.calls.isEmpty)
      await services.shutdown()
    }
  }

  @Test("the drain ends before the instance does, with what it takes to give jobs back")
  func drainTime() async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      let services = try InstanceServices()
      let (instance, clients) = try bench.makeInstance(services) { _ in }
      defer { clients.shutdown() }
      #expect(instance.drainTimeout(for: .terminated) == nil)
      #expect(instance.drainTimeout(for: .spotInterruption(action: "stop", at: nil)) == .seconds(100))
      #expect(instance.drainTimeout(for: .spotInterruption(action: "stop", at: Date() + 15)) == .zero)

      try await bench.send(try await bench.makeJob(try Fixtures.image()))
      let gate = Gate()
      defer { gate.open() }
      let worker = try bench.makeWorker(gate.recognition()) { $0.drainTimeout = .seconds(43_200) }
      worker.start()
      await gate.nextArrival()
      let summary = await worker.drain(within: .zero)
      #expect((summary.finishedCount, summary.givenBackCount, summary.abandonedCount) == (0, 0, 1))
      #expect(try await bench.messages(1, from: bench.requestQueueURL).count == 1)
      await services.shutdown()
    }
  }

  @Test("options that make no sense are refused")
  func options() async throws {
    try await Bench.with(Bench.servers[0]) { bench in
      for arguments in [
        ["--lifecycle-hook", "drain"], ["--instance-notices", "perhaps"], ["--auto-scaling-group", ""],
        ["--visibility-timeout", "0"],
        ["--instance-notices", "off", "--auto-scaling-group", "workers", "--lifecycle-hook", "drain"],
      ] {
        let status = try await WorkerProcess(for: bench, arguments).process.exit()
        #expect(status == .exited(64), "\(arguments)")
      }
    }
  }
}

extension Bench {
  /// What the worker's process makes of its options.
  func makeInstance(
    _ services: InstanceServices, _ limits: WorkerLimits = WorkerLimits(concurrency: 1),
    _ change: (inout EC2Instance.Configuration) -> Void
  ) throws -> (EC2Instance, AWSClients) {
    var configuration = EC2Instance.Configuration()
    change(&configuration)
    let clients = try AWSClients(
      AWSConfiguration(region: "us-east-1", endpoint: services.url),
      credentials: FixedCredentials(Credentials(accessKeyID: "k", secretAccessKey: "s")), transport: Transport())
    let instance = EC2Instance(
      configuration, limits: limits,
      metadata: InstanceMetadata(environment: services.environment, metadata: clients.transport),
      autoScaling: try clients.makeAutoScaling(), logger: Self.logger)
    return (instance, clients)
  }
}
