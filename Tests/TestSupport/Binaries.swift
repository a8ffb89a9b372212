package import Foundation

/// The executables that the package has built beside the tests.
package enum Binaries {
  package static let folder: URL = {
    let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundlePath ?? CommandLine.arguments[0]
    return URL(filePath: tests).deletingLastPathComponent()
  }()
  package static let saccade = folder.appending(path: "saccade")
  package static let worker = folder.appending(path: "saccade-worker")
}
