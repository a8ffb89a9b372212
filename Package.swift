// swift-tools-version: 6.2
import PackageDescription

/// Where `deploy/bootstrap` puts what Debian does not package: llhttp, OpenVINO and the model.
let cache =
  Context.environment["XDG_CACHE_HOME"].map { $0 + "/saccade" }
  ?? (Context.environment["HOME"] ?? "/root") + "/.cache/saccade"

/// CI turns warnings into errors; a newer compiler on a user's machine must not stop the build.
let warnings: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let settings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    // A release does without the dynamic checks of exclusive access, 2 % of an upload's instructions: everything mutable
    // is isolated to the one loop, and debug builds, which the tests run, keep them.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    // Nor does it check in closures and callbacks that they run where the compiler has them run: what comes from outside
    // is checked by `LoopActor.assumeIsolated`, in every build.
    .unsafeFlags(["-Xfrontend", "-disable-dynamic-actor-isolation"], .when(configuration: .release)),
  ] + warnings

/// The OpenVINO libraries are found beside the release's binaries first, in the cache second.
let openVINOSearchPath: [LinkerSetting] = [
  .unsafeFlags([
    "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib", "-Xlinker", "-rpath", "-Xlinker", cache + "/prefix/lib",
  ])
]

func library(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], linker: [LinkerSetting] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: settings, linkerSettings: linker)
}

func system(_ name: String, _ pkgConfig: String) -> Target {
  .systemLibrary(name: name, path: "Sources/System/" + name, pkgConfig: pkgConfig)
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let sqlite: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")

let package = Package(
  name: "saccade",
  products: [
    .executable(name: "saccade", targets: ["saccade"]),
    .executable(name: "saccade-worker", targets: ["saccade-worker"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    system("CLibuv", "libuv"),
    system("CCurl", "libcurl"),
    system("COpenSSL", "openssl"),
    system("CLlhttp", "llhttp"),
    system("CTurboJPEG", "libturbojpeg"),
    system("CVips", "vips"),
    .systemLibrary(name: "CYUV", path: "Sources/System/CYUV"),
    system("COpenVINO", "openvino"),
    system("CISAL", "libisal"),
    system("CSeccomp", "libseccomp"),

    library("Logs", [argumentParser, logging]),
    library("EventLoop", ["CLibuv", "COpenSSL", deque]),
    library("HTTP", ["EventLoop", "CLlhttp", deque]),
    library("AWS", ["EventLoop", "Figures", "CCurl", "CLlhttp", "COpenSSL", "CISAL", deque, logging]),
    library("Jobs", ["AWS", "EventLoop", deque, logging]),
    library("Figures", []),
    library("Pages", [], resources: [.embedInCode("files")]),
    library(
      "WebTier", ["Figures", "Pages", "HTTP", "AWS", "Jobs", "EventLoop", "Logs", "COpenSSL", deque, heap, logging]),
    library("Sandbox", ["CSeccomp"]),
    library("Recognition", ["Sandbox", "CTurboJPEG", "CVips", "CYUV", "COpenVINO", "CSeccomp"]),
    library("AppTier", ["Recognition", "AWS", "Jobs", "EventLoop", deque, logging]),
    library("LocalCloud", ["HTTP", "AWS", "EventLoop", "COpenSSL", "CISAL", sqlite, deque, logging]),
    library("Elasticity", ["EventLoop", "Figures", deque, histogram, logging]),
    library("Load", ["AWS", "EventLoop", "Figures", deque, histogram]),
    .executableTarget(
      name: "saccade",
      dependencies: [
        "WebTier", "LocalCloud", "Elasticity", "Load", "AWS", "HTTP", "Jobs", "EventLoop", "Logs", argumentParser,
        logging,
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "saccade-worker",
      dependencies: ["AppTier", "Recognition", "Sandbox", "AWS", "Jobs", "EventLoop", "Logs", argumentParser, logging],
      swiftSettings: settings, linkerSettings: openVINOSearchPath),

    .target(
      name: "TestSupport", dependencies: ["EventLoop", "AWS", "COpenSSL"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("FiguresTests", ["Figures"]),
    tests("LogsTests", ["Logs", logging, "TestSupport"]),
    tests("EventLoopTests", ["EventLoop", "TestSupport"]),
    tests("HTTPTests", ["HTTP", "EventLoop", "TestSupport"]),
    tests("AWSTests", ["AWS", "EventLoop", "TestSupport", "CCurl"]),
    tests("JobsTests", ["Jobs", "EventLoop", "TestSupport"]),
    tests("WebTierTests", ["WebTier", "HTTP", "AWS", "Jobs", "EventLoop", "Logs", "TestSupport"]),
    tests("RecognitionTests", ["Recognition", "EventLoop", "TestSupport"], linker: openVINOSearchPath),
    tests(
      "AppTierTests", ["AppTier", "Recognition", "HTTP", "AWS", "Jobs", "EventLoop", "TestSupport"],
      linker: openVINOSearchPath),
    tests("LocalCloudTests", ["LocalCloud", "HTTP", "AWS", "EventLoop", "TestSupport", sqlite, logging]),
    tests("ElasticityTests", ["Elasticity", "EventLoop", "TestSupport"]),
    tests("LoadTests", ["Load", "HTTP", "AWS", "EventLoop", "TestSupport", histogram]),
    tests("EndToEndTests", ["TestSupport", "AWS", "EventLoop"]),
  ]
)
