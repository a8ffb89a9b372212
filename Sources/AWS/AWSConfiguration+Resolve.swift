import EventLoop

extension AWSConfiguration {
  /// As `fromEnvironment`, asking the instance's metadata for its region when nothing else says it.
  @LoopActor static func resolve(
    environment: [String: String], metadata: any MetadataFetching
  ) async throws(AWSConfigurationError) -> AWSConfiguration {
    func read(_ environment: [String: String]) async throws(AWSConfigurationError) -> AWSConfiguration {
      try await EventLoop.shared.offload { () throws(AWSConfigurationError) in try fromEnvironment(environment) }
    }
    do {
      return try await read(environment)
    } catch .regionMissing {
      let instance = InstanceMetadata(environment: environment, metadata: metadata)
      guard let region = try? await instance.get("placement/region") else { throw .regionMissing }
      var environment = environment
      environment["AWS_REGION"] = ASCII.trimmed(region)
      return try await read(environment)
    }
  }
}
