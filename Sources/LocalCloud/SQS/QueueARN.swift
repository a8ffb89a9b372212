/// `arn:aws:sqs:<region>:<account>:<name>`
struct QueueARN: Sendable, Hashable, CustomStringConvertible {
  var region: String
  var account: String
  var name: String

  init(region: String, account: String, name: String) {
    self.region = region
    self.account = account
    self.name = name
  }

  init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"), parts[2] == "sqs", !parts[5].isEmpty else {
      return nil
    }
    self.init(region: parts[3], account: parts[4], name: parts[5])
  }

  var description: String { "arn:aws:sqs:\(region):\(account):\(name)" }
}
