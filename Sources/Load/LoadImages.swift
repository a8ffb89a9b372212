import AWS
import Foundation
import Glibc

/// The images of a run, whole requests already: what is sent again and again is made once.
package struct LoadImages: Sendable {
  package struct Image: Sendable {
    package let name: String
    package let expected: ExpectedLabel
    /// Head and body.
    let request: [UInt8]
    package let fileByteCount: Int
  }

  package struct Unusable: Error, CustomStringConvertible {
    package let description: String
  }

  /// What a request has beside the image.
  package struct Head: Sendable {
    package var target: LoadTarget
    /// Whether the connection is to be kept.
    package var keepsAlive = true
    /// Whether the answer is to have more than the label.
    package var wantsJSON = false
    /// Whether the server is to answer before there is a label.
    package var isAsynchronous = false
    package var key: String?

    package init(target: LoadTarget) { self.target = target }

    /// The fields that every request has, after its first line.
    func fields() -> String {
      var text = "Host: \(target.origin.authority)\r\nUser-Agent: saccade-load\r\n"
      if wantsJSON { text += "Accept: application/json\r\n" }
      if let key { text += "X-API-Key: \(key)\r\n" }
      if !keepsAlive { text += "Connection: close\r\n" }
      return text
    }
  }

  private static let types = [
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif",
    "bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff", "avif": "image/avif", "heic": "image/heic",
  ]
  private static let boundary = "saccade-load-5d6b1f0c9e7a4832"

  package private(set) var images: [Image] = []

  /// - Parameter files: Names and contents; a name may have any characters.
  package init(_ files: [(name: String, bytes: [UInt8])], head: Head) {
    images = files.map { Image(name: $0.name, bytes: $0.bytes, head: head) }
  }

  /// Reads a file, or a folder with everything in and below it whose name ends as images' do, in the order of the names.
  /// - Parameter countMax: Of these the first.
  /// - Throws: When there are none, one cannot be read, or they are too many bytes.
  package init(path: String, head: Head, countMax: Int = LoadLimits.imageCountMax) throws(Unusable) {
    let paths = try LoadImages.paths(at: path)
    guard !paths.isEmpty else { throw Unusable(description: "there are no images in \(path)") }
    var byteCount = 0
    for path in paths.prefix(min(countMax, LoadLimits.imageCountMax)) {
      // Looked at before it is read: a pipe may have no end, and a large file would be in memory before it is refused.
      guard let size = LoadImages.regularFileSize(path) else {
        throw Unusable(description: "\(path) is no file that can be read")
      }
      byteCount += size
      guard byteCount <= LoadLimits.imageByteCountMax else {
        throw Unusable(
          description:
            "the images are more than \(LoadLimits.imageByteCountMax >> 20) MiB together, which are kept in memory")
      }
      guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
        throw Unusable(description: "\(path) cannot be read")
      }
      images.append(Image(name: URL(fileURLWithPath: path).lastPathComponent, bytes: [UInt8](data), head: head))
    }
  }

  /// Of what a link leads to; nil for what is no regular file.
  private static func regularFileSize(_ path: String) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  private static func paths(at path: String) throws(Unusable) -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Unusable(description: "there is no \(path)")
    }
    guard isFolder.boolValue else { return [path] }
    guard let names = try? FileManager.default.subpathsOfDirectory(atPath: path) else {
      throw Unusable(description: "\(path) cannot be read")
    }
    return names.filter { types[suffix($0)] != nil }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .map { path + "/" + $0 }
  }

  private static func suffix(_ name: String) -> String {
    (name.lastIndex(of: ".").map { name[name.index(after: $0)...] } ?? "").lowercased()
  }

  fileprivate static func form(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
    let type = types[suffix(name)] ?? "application/octet-stream"
    // As browsers escape names in forms (the HTML standard, "multipart/form-data encoding algorithm").
    let escaped = name.replacing("\"", with: "%22").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    let opening = """
      --\(boundary)\r
      Content-Disposition: form-data; name="image"; filename="\(escaped)"\r
      Content-Type: \(type)\r
      \r\n
      """
    return Array(opening.utf8) + bytes + Array("\r\n--\(boundary)--\r\n".utf8)
  }

  fileprivate static func request(_ body: [UInt8], _ head: Head) -> [UInt8] {
    var text = "POST \(head.target.path) HTTP/1.1\r\n" + head.fields()
    text += "Content-Type: multipart/form-data; boundary=\(boundary)\r\nContent-Length: \(body.count)\r\n"
    if head.isAsynchronous { text += "Prefer: respond-async\r\n" }
    return Array((text + "\r\n").utf8) + body
  }
}

extension LoadImages.Image {
  fileprivate init(name: String, bytes: [UInt8], head: LoadImages.Head) {
    self.name = name
    expected = ExpectedLabel(fileName: name)
    fileByteCount = bytes.count
    request = LoadImages.request(LoadImages.form(name, bytes), head)
  }
}
