import EventLoop
import Foundation
import TestSupport
import Testing

@testable import AWS

@Suite("region and endpoints")
struct AWSConfigurationTests {
  private func read(
    _ environment: [String: String], config: String = ""
  ) throws(AWSConfigurationError) -> AWSConfiguration {
    try AWSConfiguration.fromEnvironment(environment.merging(["HOME": "/h"]) { $1 }) { path in
      path == "/h/.aws/config" ? config : nil
    }
  }

  @Test("AWS's own endpoints, in China as well")
  func regional() throws {
    let standard = try read(["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "x"])
    #expect(standard.region == "eu-west-1")
    #expect(standard.s3.url == "https://s3.eu-west-1.amazonaws.com")
    #expect(standard.sqs.url == "https://sqs.eu-west-1.amazonaws.com")
    #expect(standard.autoScaling.url == "https://autoscaling.eu-west-1.amazonaws.com")
    #expect(standard.sts == .init(url: "https://sts.eu-west-1.amazonaws.com", isCustom: false))
    let china = try read(["AWS_DEFAULT_REGION": "cn-north-1"])
    #expect(china.s3.url == "https://s3.cn-north-1.amazonaws.com.cn")
    #expect(china.sqs.url == "https://sqs.cn-north-1.amazonaws.com.cn")
    #expect(china.sts.url == "https://sts.cn-north-1.amazonaws.com.cn")
    #expect(standard == AWSConfiguration(region: "eu-west-1"))
  }

  @Test("a service's endpoint goes before the common one, the environment before the profile")
  func endpoints() throws {
    let config = """
      [default]
      region = eu-west-2
      endpoint_url = http://common
      services = mine
      [services mine]
      s3 =
        endpoint_url = http://special/
      """
    let profile = try read([:], config: config)
    #expect(profile.region == "eu-west-2")
    #expect(profile.s3 == .init(url: "http://special", isCustom: true))
    #expect(profile.sqs == .init(url: "http://common", isCustom: true))
    #expect(profile.autoScaling == .init(url: "http://common", isCustom: true))
    let group = try read(["AWS_ENDPOINT_URL_AUTO_SCALING": "http://group"], config: config)
    #expect(group.autoScaling.url == "http://group" && group.sqs.url == "http://common")
    let tokens = try read(["AWS_ENDPOINT_URL_STS": "http://tokens"], config: config)
    #expect(tokens.sts.url == "http://tokens" && tokens.s3.url == "http://special")
    #expect(profile.sts == .init(url: "http://common", isCustom: true))
    let environment = try read(
      ["AWS_ENDPOINT_URL": "http://127.0.0.1:4566/", "AWS_ENDPOINT_URL_SQS": "http://q:9324"], config: config)
    #expect(environment.s3.url == "http://127.0.0.1:4566")
    #expect(environment.sqs.url == "http://q:9324")
    let ignored = try read(
      ["AWS_ENDPOINT_URL": "http://x", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"], config: config)
    #expect(ignored == AWSConfiguration(region: "eu-west-2"))
  }

  @Test("without a region: us-east-1 when both endpoints are custom, an error when one is AWS's")
  func noRegion() throws {
    #expect(try read(["AWS_ENDPOINT_URL": "http://x"]).region == "us-east-1")
    #expect(throws: AWSConfigurationError.regionMissing) { try read(["AWS_ENDPOINT_URL_S3": "http://x"]) }
    #expect(throws: AWSConfigurationError.regionMissing) { try read([:]) }
  }

  @Test("names that would lead elsewhere are refused")
  func invalid() {
    for region in ["eu-west-1.example.com", "a/b", "a@b", "é", String(repeating: "a", count: 64), " "] {
      #expect(throws: AWSConfigurationError.invalidRegion(region)) { try read(["AWS_REGION": region]) }
    }
    for url in ["example.com", "ftp://x", "http://", "http:///x", "http://a@b", "http://a?b", "http://a b", "https:x"] {
      #expect(throws: AWSConfigurationError.invalidEndpoint(service: "s3", url)) {
        try read(["AWS_REGION": "a", "AWS_ENDPOINT_URL_S3": url])
      }
    }
    #expect(throws: AWSConfigurationError.file(.malformed(path: "/h/.aws/config", line: 1, "expected [section]"))) {
      try read([:], config: "[")
    }
  }

  @Test("buckets go into the path for custom endpoints and names with dots, in front of the host otherwise")
  func pathStyle() {
    #expect(AWSConfiguration(region: "a", endpoint: "http://x").usesPathStyle(forBucket: "bucket"))
    #expect(AWSConfiguration(region: "a").usesPathStyle(forBucket: "my.bucket"))
    #expect(!AWSConfiguration(region: "a").usesPathStyle(forBucket: "bucket"))
  }

  @Test("the instance's region is the last resort, and is asked for only then")
  func instanceRegion() async throws {
    try await onLoop {
      try await withMetadataServer({ request in
        request.method == "PUT"
          ? .ok("t") : request.path == "/latest/meta-data/placement/region" ? .ok("ap-south-1\n") : .status(404, "")
      }) { server, transport in
        var environment = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url, "HOME": "/nonexistent"]
        let found = try await AWSConfiguration.resolve(environment: environment, metadata: transport)
        #expect(found.region == "ap-south-1")
        #expect(server.requests.count == 2)
        environment["AWS_REGION"] = "eu-west-1"
        let given = try await AWSConfiguration.resolve(environment: environment, metadata: transport)
        #expect(given.region == "eu-west-1")
        #expect(server.requests.count == 2)
        environment = ["AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"]
        await #expect(throws: AWSConfigurationError.regionMissing) {
          try await AWSConfiguration.resolve(environment: environment, metadata: transport)
        }
      }
    }
  }
}
