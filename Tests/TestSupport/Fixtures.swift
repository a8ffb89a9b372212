package import Foundation
package import Testing

/// Files that tests read and that are no part of the package: tests that need an absent one are skipped and say so.
package enum Fixtures {
  package static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// Photos and test vectors, on machines that have them.
  package static let shared = packageRoot.deletingLastPathComponent().appending(path: "shared")
  package static let pngSuite = shared.appending(path: "vectors/png")
  /// One a class; `<wnid>_<label>.JPEG`.
  package static let photographs = shared.appending(path: "images")

  /// What `deploy/bootstrap` has made.
  package static let cache: URL = {
    let environment = ProcessInfo.processInfo.environment
    let base = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    return URL(filePath: base ?? (environment["HOME"] ?? "/root") + "/.cache").appending(path: "saccade")
  }()
  package static let samples = cache.appending(path: "samples")
  package static let model = cache.appending(path: "models/efficientnet-lite0/model.xml")

  package static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  package static func files(in directory: URL) -> [URL] {
    let found = try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
    return (found ?? []).sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  package static func bytes(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

  /// coffee.png, chelsea.png, rocket.jpg or camera.png.
  package static func sample(_ name: String) -> URL { samples.appending(path: name) }

  /// Whether the model and the samples are there.
  package static var areComplete: Bool { exists(model) && exists(sample("coffee.png")) }
  package static let incomplete: Comment = "the model or the sample pictures are missing: deploy/bootstrap --for test"
}
