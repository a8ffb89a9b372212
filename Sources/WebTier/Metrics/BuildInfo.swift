/// What was built, for `saccade_build_info`.
enum BuildInfo {
  static let version = "0.1.0"

  static let configuration: String = {
    #if DEBUG
      "debug"
    #else
      "release"
    #endif
  }()
}
