import AWS
import FoundationEssentials

/// The file of keys: one a line, `name:sha256-hex`, with `:rate` behind it for a rate of its own and `:admin` at the end for an
/// operator's; `#` begins a comment line.
enum APIKeyFile {
  /// Reads the file, blocking.
  static func read(_ path: String, limits: AccessLimits) throws(APIKeyFileError) -> APIKeyTable {
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: path)) } catch {
      throw APIKeyFileError(path: path, line: nil, reason: "it cannot be read")
    }
    guard data.count <= limits.keyFileByteCountMax else {
      throw APIKeyFileError(path: path, line: nil, reason: "it is longer than \(limits.keyFileByteCountMax) bytes")
    }
    return try parse(String(decoding: data, as: UTF8.self), path: path, limits: limits)
  }

  static func parse(_ text: String, path: String, limits: AccessLimits) throws(APIKeyFileError) -> APIKeyTable {
    var table = APIKeyTable()
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let line = line.trimmingBlanks()
      if line.isEmpty || line.hasPrefix("#") { continue }
      func failure(_ reason: String) -> APIKeyFileError { APIKeyFileError(path: path, line: index + 1, reason: reason) }
      // A rate has a colon of its own before its burst.
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count >= 2, APIKey.isName(fields[0]) else {
        throw failure("it is not name:sha256-hex[:rate][:admin]")
      }
      guard let digest = Hexadecimal.decode(fields[1]), digest.count == APIKeyTable.digestByteCount else {
        throw failure("the key's SHA-256 is not 64 hexadecimal digits")
      }
      var options = fields.dropFirst(2).first
      let isAdmin = options == "admin" || options?.hasSuffix(":admin") ?? false
      if isAdmin { options = options.flatMap { $0 == "admin" ? nil : $0.dropLast(":admin".count) } }
      let rate = options.map { RateLimit($0) }
      if case .some(nil) = rate { throw failure("what follows is no rate like 10/s or 100/m:20, nor 'admin'") }
      guard table.entries.count < limits.keyCountMax else {
        throw failure("there are more than \(limits.keyCountMax) keys")
      }
      guard table.add(.init(name: String(fields[0]), rate: rate ?? nil, isAdmin: isAdmin), digest: digest) else {
        throw failure("the key is there already")
      }
    }
    return table
  }
}

extension Substring {
  /// Without blanks at both ends.
  fileprivate func trimmingBlanks() -> Substring {
    var text = drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
