import Elasticity
import Foundation
import Testing

@Suite struct PolicyFileTests {
  @Test(
    "deploy/aws/policy.json, which the tests of the CloudFormation template hold it against, is the standard policy")
  func policyFile() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../deploy/aws")
    let file = try Data(contentsOf: folder.appending(path: "policy.json").standardizedFileURL)
    #expect(String(decoding: file, as: UTF8.self) == ElasticityPolicy.standard.json + "\n")
  }
}
