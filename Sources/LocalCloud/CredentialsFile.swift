import AWS
import Glibc

/// The key pair of a data folder, in the format of AWS's shared credentials file: `AWS_SHARED_CREDENTIALS_FILE` can
/// point at it. Made at the first start, readable by its owner only.
enum CredentialsFile {
  private static let byteCountMax = 64 * 1024

  static func loadOrCreate(_ path: String) throws(StorageError) -> Credentials {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      guard errno == ENOENT else { throw .current("open", path) }
      let credentials = generate()
      try save(credentials, path)
      return credentials
    }
    defer { close(descriptor) }
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCountMax) { buffer, count in
      count = max(0, read(descriptor, buffer.baseAddress, byteCountMax))
    }
    return try parse(String(decoding: bytes, as: UTF8.self), path)
  }

  private static func generate() -> Credentials {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    let symbols = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var generator = SystemRandomNumberGenerator()
    let name = String((0..<16).map { _ in letters.randomElement(using: &generator) ?? "A" })
    let secret = String((0..<40).map { _ in symbols.randomElement(using: &generator) ?? "A" })
    return Credentials(accessKeyID: "AKIA" + name, secretAccessKey: secret)
  }

  /// Under another name first: no other process ever reads half of it.
  private static func save(_ credentials: Credentials, _ path: String) throws(StorageError) {
    let text = """
      [default]
      aws_access_key_id = \(credentials.accessKeyID)
      aws_secret_access_key = \(credentials.secretAccessKey)

      """
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .current("create", temporary) }
    defer { close(descriptor) }
    guard write(descriptor, text, text.utf8.count) == text.utf8.count, fsync(descriptor) == 0 else {
      throw .current("write", temporary)
    }
    guard rename(temporary, path) == 0 else { throw .current("rename to", path) }
  }

  private static func parse(_ text: String, _ path: String) throws(StorageError) -> Credentials {
    var section = ""
    var values: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.trimmingBlanks
      if line.hasPrefix("[") {
        section = line
      } else if section == "[default]", let equals = line.firstIndex(of: "=") {
        values[line[..<equals].trimmingBlanks] = line[line.index(after: equals)...].trimmingBlanks
      }
    }
    guard let name = values["aws_access_key_id"], let secret = values["aws_secret_access_key"], !name.isEmpty,
      !secret.isEmpty
    else {
      throw .credentials(path: path, reason: "has no aws_access_key_id and aws_secret_access_key in [default]")
    }
    return Credentials(
      accessKeyID: name, secretAccessKey: secret, sessionToken: values["aws_session_token"])
  }
}
