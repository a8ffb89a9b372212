import HTTP
import Logging
import Testing

@testable import WebTier

@Suite("The budget of descriptors")
struct DescriptorBudgetTests {
  private func fitted(_ descriptorCount: Int) -> (connections: Int, streams: Int) {
    var configuration = WebConfiguration(host: "", port: 0, inputBucket: "", outputBucket: "", queuePrefix: "")
    configuration.http.connectionCountMax = 10_000
    configuration.limits.streamedUploadCountMax = 10_000
    configuration.fit(descriptorCount: descriptorCount, logger: Logger(label: "") { _ in SwiftLogNoOpLogHandler() })
    return (configuration.http.connectionCountMax, configuration.limits.streamedUploadCountMax)
  }

  @Test("with enough of them every client's upload may have a connection of its own")
  func enough() {
    #expect(fitted(65_536) == (10_000, 10_000))
  }

  @Test("with fewer some uploads wait for their turn, and only then are there fewer clients")
  func few() {
    #expect(fitted(20_000) == (10_000, 8720))
    #expect(fitted(10_000) == (5813, 2907))
  }

  @Test("what comes out fits in, however few there are")
  func fits() {
    for count in stride(from: 1300, to: 30_000, by: 123) {
      let (connections, streams) = fitted(count)
      #expect(connections > 0 && streams > 0)
      #expect(connections + streams + 256 + WebConfiguration.otherDescriptorCount <= count)
    }
  }
}
