import Foundation
import Glibc
import Recognition

/// The files that a command line names: files as they are, folders with everything in and below them.
struct ImageFiles {
  struct Entry: Sendable {
    enum Origin: Sendable {
      case named
      /// Below a folder that was named: passed over when it does not begin like an image.
      case found
      /// A folder that cannot be read.
      case unreadable(String)
    }

    /// "-" is standard input.
    let path: String
    let origin: Origin
    /// A pipe or a device: reading it may take for ever.
    private(set) var mayBlock = false
  }

  private(set) var entries: [Entry] = []
  /// Device and number of every folder that was entered below the argument that is being walked: a link back to one of
  /// them leads nowhere.
  private var entered: Set<[UInt64]> = []

  /// Takes arguments in their order, what is in a folder in the order of its names' bytes.
  /// - Parameter isStopped: asked for each folder; a walk of a large disk takes time.
  init(_ arguments: [String], isStopped: () -> Bool) {
    for argument in arguments {
      entered = []
      let status = argument == "-" ? nil : Self.status(of: argument)
      if let status, Self.isFolder(status) {
        walk(argument, isStopped)
      } else {
        let mayBlock = status.map { !Self.isFile($0) } ?? (argument == "-")
        entries.append(Entry(path: argument, origin: .named, mayBlock: mayBlock))
      }
    }
  }

  private mutating func walk(_ root: String, _ isStopped: () -> Bool) {
    // The next one is the last: what a folder holds is added in reverse.
    var left = [root]
    while let path = left.popLast(), !isStopped() {
      // Something that vanished meanwhile, or a link to nothing.
      guard let status = Self.status(of: path) else { continue }
      if Self.isFolder(status) {
        guard entered.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted else { continue }
        do {
          let names = try FileManager.default.contentsOfDirectory(atPath: path)
          let prefix = path.hasSuffix("/") ? path : path + "/"
          left += names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.reversed().map { prefix + $0 }
        } catch {
          entries.append(Entry(path: path, origin: .unreadable(error.localizedDescription)))
        }
      } else if Self.isFile(status) {
        entries.append(Entry(path: path, origin: .found))
      }
    }
  }

  /// Of what links lead to.
  private static func status(of path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  private static func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

  private static func isFile(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }
}

extension ImageFiles.Entry {
  /// Why there are no bytes.
  enum ReadFailure: Error {
    case unreadable(String)
    case tooLarge(byteCountMax: Int)
    /// Found in a folder, and no image by its first bytes.
    case passedOver
  }

  /// The file's bytes, read no further than is needed to refuse it.
  func read(upTo byteCountMax: Int) throws(ReadFailure) -> [UInt8] {
    if case .unreadable(let reason) = origin { throw .unreadable(reason) }
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(String(cString: strerror(errno))) }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    var bytes: [UInt8] = []
    try append(ImageFormat.signatureByteCount, from: descriptor, to: &bytes)
    if case .found = origin, ImageFormat.sniff(bytes.span) == nil { throw .passedOver }
    try append(byteCountMax + 1 - bytes.count, from: descriptor, to: &bytes)
    guard bytes.count <= byteCountMax else { throw .tooLarge(byteCountMax: byteCountMax) }
    return bytes
  }

  /// Reads so many bytes, or all there are.
  private func append(
    _ byteCount: Int, from descriptor: Int32, to bytes: inout [UInt8]
  ) throws(ReadFailure) {
    let end = bytes.count + byteCount
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(byteCount, Self.pieceByteCountMax), alignment: 1)
    defer { piece.deallocate() }
    while bytes.count < end {
      let count = Glibc.read(descriptor, piece.baseAddress, min(piece.count, end - bytes.count))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(String(cString: strerror(errno))) }
      if count == 0 { return }
      bytes.append(contentsOf: piece[..<count])
    }
  }

  private static let pieceByteCountMax = 256 << 10
}
