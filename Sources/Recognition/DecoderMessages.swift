// What a worker and its decoder processes say to each other: one packet each way at a time, of a bounded size. The bytes of
// file and pixels are in memory that both share. The worker believes nothing of a reply but what is checked here.

/// The first packet, by which a decoder learns what it may do.
struct DecoderStart: Equatable {
  static let byteCount = 8 * 8
  private static let magic: Int64 = 0x5361_6363_6164_6531

  let limits: ImageLimits

  init(_ limits: ImageLimits) { self.limits = limits }

  init?(_ bytes: Span<UInt8>) {
    guard bytes.count == Self.byteCount, Packet.number(0, of: bytes) == Self.magic else { return nil }
    func value(_ index: Int) -> Int { Int(Packet.number(index, of: bytes)) }
    var limits = ImageLimits()
    limits.byteCountMax = value(1)
    limits.sideMax = value(2)
    limits.pixelCountMax = value(3)
    limits.bufferedByteCountMax = value(4)
    limits.frameCountMax = value(5)
    limits.scanCountMax = value(6)
    limits.decoderByteCountMax = value(7)
    self.limits = limits
  }

  var bytes: [UInt8] {
    Packet.bytes([
      Self.magic, Int64(limits.byteCountMax), Int64(limits.sideMax), Int64(limits.pixelCountMax),
      Int64(limits.bufferedByteCountMax), Int64(limits.frameCountMax), Int64(limits.scanCountMax),
      Int64(limits.decoderByteCountMax),
    ])
  }
}

/// One image, whose file is at the start of the shared memory; so will its pixels be, over it.
struct DecoderRequest: Equatable {
  static let byteCount = 3 * 8

  let inputSide: Int
  let resizeSide: Int
  let fileByteCount: Int

  init(inputSide: Int, resizeSide: Int, fileByteCount: Int) {
    self.inputSide = inputSide
    self.resizeSide = resizeSide
    self.fileByteCount = fileByteCount
  }

  init?(_ bytes: Span<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    inputSide = Int(Packet.number(0, of: bytes))
    resizeSide = Int(Packet.number(1, of: bytes))
    fileByteCount = Int(Packet.number(2, of: bytes))
  }

  var bytes: [UInt8] { Packet.bytes([Int64(inputSide), Int64(resizeSide), Int64(fileByteCount)]) }
}

/// What came of a start or of an image: a byte that says so, and a text of at most `textByteCountMax` bytes of UTF-8.
enum DecoderReply: Equatable {
  /// The start succeeded; the text says what confines the process.
  case ready(String)
  /// The process could not be confined, or lacks something.
  case failed(String)
  /// The pixels are in the shared memory.
  case decoded
  case refused(DecodeError)

  static let textByteCountMax = 1024
  static let byteCountMax = 1 + textByteCountMax

  /// Nil for anything that no decoder of ours says.
  init?(_ bytes: Span<UInt8>) {
    guard !bytes.isEmpty, bytes.count <= Self.byteCountMax,
      let valid = bytes.extracting(1..<bytes.count).withUnsafeBufferPointer({ String(validating: $0, as: UTF8.self) })
    else { return nil }
    // It may go into logs and answers.
    let text = String(String.UnicodeScalarView(valid.unicodeScalars.map { $0.properties.isPrintable ? $0 : "?" }))
    switch (bytes[0], text.isEmpty) {
    case (0, false): self = .ready(text)
    case (1, false): self = .failed(text)
    case (2, true): self = .decoded
    case (3, true): self = .refused(.empty)
    case (4, true): self = .refused(.unsupportedFormat)
    case (5, false): self = .refused(.tooLarge(text))
    case (6, false): self = .refused(.undecodable(text))
    default: return nil
    }
  }

  var bytes: [UInt8] {
    switch self {
    case .ready(let text): Self.bytes(0, text)
    case .failed(let text): Self.bytes(1, text)
    case .decoded: [2]
    case .refused(.empty): [3]
    case .refused(.unsupportedFormat): [4]
    case .refused(.tooLarge(let text)): Self.bytes(5, text)
    case .refused(.undecodable(let text)): Self.bytes(6, text)
    }
  }

  private static func bytes(_ kind: UInt8, _ text: String) -> [UInt8] {
    var bytes = [kind]
    for scalar in (text.isEmpty ? "?" : text).unicodeScalars {
      let encoded = UTF8.encode(scalar).map(Array.init) ?? []
      guard bytes.count + encoded.count <= byteCountMax else { break }
      bytes += encoded
    }
    return bytes
  }
}

extension Unicode.Scalar.Properties {
  /// Neither a control nor something that has no meaning of its own.
  fileprivate var isPrintable: Bool {
    switch generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}

/// Numbers of 64 bits, the least byte first.
private enum Packet {
  static func bytes(_ numbers: [Int64]) -> [UInt8] {
    numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
  }

  static func number(_ index: Int, of bytes: Span<UInt8>) -> Int64 {
    var bits: UInt64 = 0
    for place in 0..<8 { bits |= UInt64(bytes[index * 8 + place]) << UInt64(8 * place) }
    return Int64(bitPattern: bits)
  }
}
