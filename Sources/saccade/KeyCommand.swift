import ArgumentParser
import WebTier

struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "Make a new random API key.",
    discussion: """
      Prints the key, which is shown this once, and the line for the file that 'saccade web --api-keys' reads. The file \
      holds the key's SHA-256 only; without the line the key is revoked.

      Example:
        saccade key alice --rate 100/m:20
      """)

  @Argument(help: "Whose key it is: 1 to 64 letters, digits, '.', '_' and '-'.")
  var name: String

  @Option(help: "Requests that it may make: 10/s, 100/m or 1000/h, and :20 for a burst of 20.")
  var rate: String?

  @Flag(help: "The key opens the operators' page, /admin, too.")
  var admin = false

  func validate() throws {
    guard APIKey.isName(name) else { throw ValidationError("A name is 1 to 64 letters, digits, '.', '_' or '-'.") }
    if let rate, RateLimit(rate) == nil { throw ValidationError("--rate is like 10/s, 100/m or 1000/h:20.") }
  }

  func run() {
    let key = APIKey.generate()
    print("key:  \(key)")
    print("line: \(APIKey.line(name: name, key: key, rate: rate, isAdmin: admin))")
  }
}
