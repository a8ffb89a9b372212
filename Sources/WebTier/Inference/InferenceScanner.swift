import EventLoop

/// Takes the images out of a JSON inference request while it comes: the strings in `inputs[…].data` are base64, and are
/// decoded on their way. Everything else, with empty strings in their places, is kept for ``InferenceRequest`` to read, and
/// is bounded; whether it is JSON at all is found out there.
@LoopActor
struct InferenceScanner {
  private enum Container {
    case array
    /// With the name of the member whose value comes.
    case object(Member)
  }

  private enum Member {
    case none, inputs, data, base64, other
  }

  private enum State {
    case structure
    /// A string that is kept; a name or a value.
    case text(start: Int, isName: Bool, isEscaped: Bool)
    case image(isEscaped: Bool)
  }

  /// Of arrays and objects within each other: an image in `{"b64": …}` in a row of a tensor has five around it.
  private static let depthMax = 16
  /// Decoded bytes that are handed on together.
  private static let pieceByteCount = 12 * 1024

  private let byteCountMax: Int
  /// The request without its images.
  private(set) var skeleton: [UInt8] = []
  private var containers: [Container] = []
  private var expectsName = false
  private var state = State.structure
  private var decoder = Base64Decoder()

  /// - Parameter byteCountMax: Of the skeleton.
  init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

  mutating func consume(_ bytes: Span<UInt8>, _ visitor: some TensorVisitor) throws(SubmissionError) {
    var index = 0
    while index < bytes.count {
      if case .image(let isEscaped) = state {
        try receiveImage(bytes, &index, isEscaped, visitor)
      } else {
        try receiveText(bytes[index], visitor)
        index += 1
      }
    }
  }

  // MARK: What is kept

  private mutating func receiveText(_ byte: UInt8, _ visitor: some TensorVisitor) throws(SubmissionError) {
    guard skeleton.count < byteCountMax else { throw .inference(.tooMuchJSON(byteCountMax: byteCountMax)) }
    skeleton.append(byte)
    if case .text(let start, let isName, let isEscaped) = state {
      if isEscaped || byte == UInt8(ascii: "\\") {
        state = .text(start: start, isName: isName, isEscaped: !isEscaped)
      } else if byte == UInt8(ascii: "\"") {
        if isName { name(skeleton[start..<skeleton.count - 1]) }
        state = .structure
      }
      return
    }
    switch byte {
    case UInt8(ascii: "{"): try open(.object(.none))
    case UInt8(ascii: "["): try open(.array)
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      _ = containers.popLast()
      expectsName = false
    case UInt8(ascii: ","): if case .object = containers.last { expectsName = true }
    case UInt8(ascii: ":"): expectsName = false
    case UInt8(ascii: "\""):
      if !expectsName, isAtImage {
        state = .image(isEscaped: false)
        decoder = Base64Decoder()
        try visitor.elementBegan(byteCount: nil)
      } else {
        state = .text(start: skeleton.count, isName: expectsName, isEscaped: false)
      }
    default: break
    }
  }

  private mutating func open(_ container: Container) throws(SubmissionError) {
    guard containers.count < InferenceScanner.depthMax else {
      throw .inference(.malformed("there are too many brackets within each other"))
    }
    containers.append(container)
    if case .object = container { expectsName = true } else { expectsName = false }
  }

  private mutating func name(_ bytes: ArraySlice<UInt8>) {
    let member: Member =
      if bytes.elementsEqual("inputs".utf8) { .inputs } else if bytes.elementsEqual("data".utf8) {
        .data
      } else if bytes.elementsEqual("b64".utf8) { .base64 } else { .other }
    containers[containers.count - 1] = .object(member)
  }

  /// Whether a string here is an element of a tensor: in the array `data`, or the member `b64` of an object in it.
  private var isAtImage: Bool {
    guard containers.count >= 4, case .object(.inputs) = containers[0], case .array = containers[1],
      case .object(.data) = containers[2], case .array = containers[3]
    else { return false }
    return switch containers[containers.count - 1] {
    case .array: true
    case .object(let member): member == .base64
    }
  }

  // MARK: Images

  private mutating func receiveImage(
    _ bytes: Span<UInt8>, _ index: inout Int, _ wasEscaped: Bool, _ visitor: some TensorVisitor
  ) throws(SubmissionError) {
    var piece: [UInt8] = []
    piece.reserveCapacity(min(InferenceScanner.pieceByteCount + 3, (bytes.count - index) / 4 * 3 + 3))
    var isEscaped = wasEscaped
    while index < bytes.count, piece.count < InferenceScanner.pieceByteCount {
      let byte = bytes[index]
      if !isEscaped, byte == UInt8(ascii: "\"") { break }
      index += 1
      if !isEscaped, byte == UInt8(ascii: "\\") {
        isEscaped = true
        continue
      }
      // Some writers of JSON escape the slash; nothing else of base64 is ever escaped.
      guard !isEscaped || byte == UInt8(ascii: "/"), decoder.take(byte, into: &piece) else {
        throw .inference(.malformedBase64)
      }
      isEscaped = false
    }
    state = .image(isEscaped: isEscaped)
    if !piece.isEmpty { try visitor.elementReceived(piece.span) }
    guard index < bytes.count, !isEscaped, bytes[index] == UInt8(ascii: "\"") else { return }
    guard decoder.isComplete else { throw .inference(.malformedBase64) }
    try visitor.elementEnded()
    // The quotation mark is kept.
    state = .text(start: skeleton.count, isName: false, isEscaped: false)
  }
}
