import EventLoop
import HTTP
package import Logging

extension WebConfiguration {
  /// What is neither a client's connection nor an upload's: calls of S3 and SQS (256 of each transport's kept ones), the
  /// loop, the resolver, files.
  package static let otherDescriptorCount = 1024

  /// Raises the process's limit of descriptors to what the bounds come to, or lowers the bounds to what there is: first
  /// the uploads that have a connection of their own, the rest of which wait for their turn, down to half as many as
  /// there are clients; then the clients.
  package mutating func fitDescriptors(logger: Logger) {
    let connectionCount = http.connectionCountMax + http.refusedConnectionCountMax
    limits.streamedUploadCountMax = min(limits.streamedUploadCountMax, http.connectionCountMax)
    let wanted = connectionCount + limits.streamedUploadCountMax + WebConfiguration.otherDescriptorCount
    fit(descriptorCount: DescriptorLimit.raise(to: wanted), logger: logger)
  }

  /// See `fitDescriptors(logger:)`.
  mutating func fit(descriptorCount: Int, logger: Logger) {
    let available = max(3, descriptorCount - WebConfiguration.otherDescriptorCount - http.refusedConnectionCountMax)
    if http.connectionCountMax > available * 2 / 3 {
      http.connectionCountMax = available * 2 / 3
      logger.warning(
        "fewer connections than configured: the limit of descriptors is low",
        metadata: ["connections": "\(http.connectionCountMax)", "descriptors": "\(descriptorCount)"])
    }
    limits.streamedUploadCountMax = min(limits.streamedUploadCountMax, available - http.connectionCountMax)
  }
}
