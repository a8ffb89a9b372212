package import EventLoop

/// What an instance says to the Auto Scaling group it belongs to, in the service's Query protocol: signed, retried while
/// that can help, throws `AWSError`.
///
/// Reference: Amazon EC2 Auto Scaling API, version 2011-01-01. Takes the rights to `autoscaling:SetInstanceProtection` and
/// `autoscaling:CompleteLifecycleAction`.
@LoopActor package final class AutoScalingClient {
  private static let version = "2011-01-01"

  private let endpoint: ServiceEndpoint
  private let caller: ServiceCaller
  private let timeouts: TransportTimeouts

  package init(
    region: String, endpoint: ServiceEndpoint, credentials: any CredentialsProvider, transport: Transport,
    options: ServiceOptions = .init()
  ) {
    self.endpoint = endpoint
    timeouts = options.timeouts
    caller = ServiceCaller(
      signer: SigV4(region: region, service: "autoscaling", rules: .generic), credentials: credentials,
      transport: transport, options: options, parseError: { ServiceError.query($0, operation: $1) })
  }

  /// Says whether the group may choose the instance when it gets smaller. Fails for an instance that is not `InService`.
  package func setInstanceProtection(
    of instanceID: String, in group: String, to isProtected: Bool
  ) async throws(AWSError) {
    try await call(
      "SetInstanceProtection",
      [
        ("AutoScalingGroupName", group), ("InstanceIds.member.1", instanceID),
        ("ProtectedFromScaleIn", String(isProtected)),
      ])
  }

  /// Ends the wait of a lifecycle hook, so that the group goes on with the instance: terminates it, if that is what the
  /// hook waits for.
  package func completeLifecycleAction(
    of instanceID: String, hook: String, in group: String
  ) async throws(AWSError) {
    try await call(
      "CompleteLifecycleAction",
      [
        ("AutoScalingGroupName", group), ("InstanceId", instanceID), ("LifecycleActionResult", "CONTINUE"),
        ("LifecycleHookName", hook),
      ])
  }

  private func call(_ operation: String, _ parameters: [(String, String)]) async throws(AWSError) {
    let form = [("Action", operation), ("Version", Self.version)] + parameters
    let body = Array(form.map { $0 + "=" + URIEncoding.encode($1) }.joined(separator: "&").utf8)
    var call = ServiceCall(operation: operation, method: "POST", endpoint: endpoint, path: "/")
    call.headers = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
    call.body = .bytes(body)
    call.payloadHash = .sha256(of: body)
    call.timeouts = timeouts
    _ = try await caller.send(call)
  }
}
