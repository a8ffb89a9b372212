/// The profile in force: what the credentials file and the config file say of it, the credentials file winning.
package struct SharedProfile: Sendable, Hashable {
  package let name: String
  private let settings: SharedFile.Section
  private let services: SharedFile.Section

  /// Reads a file: nil when it does not exist.
  package typealias ReadFile = (_ path: String) throws(SharedFileError) -> String?

  /// - Parameters:
  ///   - environment: `AWS_PROFILE`, `AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`, `HOME`.
  /// - Returns: nil when no profile is asked for and there is no default one.
  package static func load(
    environment: [String: String], readFile: ReadFile = SharedFileReader.read
  ) throws(SharedFileError) -> SharedProfile? {
    func path(_ variable: String, _ name: String) -> String? {
      let home = environment.setting("HOME")
      guard let path = environment.setting(variable) else { return home.map { $0 + "/.aws/" + name } }
      guard path.hasPrefix("~/"), let home else { return path }
      return home + path.dropFirst()
    }
    func file(at path: String?) throws(SharedFileError) -> SharedFile {
      guard let path, let text = try readFile(path) else { return SharedFile() }
      return try SharedFile(parsing: text, path: path)
    }
    let credentials = try file(at: path("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
    let config = try file(at: path("AWS_CONFIG_FILE", "config"))
    let asked = environment.setting("AWS_PROFILE")
    let name = asked ?? "default"
    // `[profile default]` wins over `[default]` in the config file; only the latter is allowed among credentials.
    let configured = config.sections["profile " + name] ?? (name == "default" ? config.sections[name] : nil)
    let secret = credentials.sections[name]
    guard configured != nil || secret != nil else {
      if let asked { throw .noSuchProfile(asked) }
      return nil
    }
    let settings = (configured ?? [:]).merging(secret ?? [:]) { $1 }
    let services = settings["services"].flatMap { config.sections["services " + $0] } ?? [:]
    return SharedProfile(name: name, settings: settings, services: services)
  }

  package subscript(name: String) -> String? { settings.setting(name) }

  package var region: String? { self["region"] }

  /// - Parameter service: `s3`, `sqs`, `auto_scaling` or `sts`.
  package func endpointURL(of service: String) -> String? {
    services.setting(service + ".endpoint_url") ?? self["endpoint_url"]
  }
}

extension [String: String] {
  /// An empty setting is as good as none: that is how shells unset things for a command.
  func setting(_ name: String) -> String? {
    guard let value = self[name], !value.isEmpty else { return nil }
    return value
  }
}
