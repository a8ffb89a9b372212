import Foundation
import Recognition

/// What `deploy/bootstrap` has put on this machine; tests that need it are skipped where it is absent.
enum Fixtures {
  static let cache: String = {
    let environment = ProcessInfo.processInfo.environment
    return (environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/root") + "/.cache") + "/saccade"
  }()
  static let model = cache + "/models/efficientnet-lite0/model.xml"
  static let rocket = cache + "/samples/rocket.jpg"

  static var areHere: Bool {
    [model, rocket].allSatisfy { FileManager.default.isReadableFile(atPath: $0) } && !Bench.servers.isEmpty
  }

  static func image() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: rocket))) }

  /// Loaded once for all tests.
  static func recognizer() throws -> Recognizer { try shared.get() }

  private static let shared = Result {
    Recognizer(classifier: try Classifier(try Model(path: model), options: ClassifierOptions(concurrency: 2)))
  }
}
