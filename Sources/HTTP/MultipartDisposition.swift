/// The two names in a part's Content-Disposition (RFC 7578 4.2), decoded.
///
/// In both names the three escapes of browsers, `%22 %0D %0A`, are undone (WHATWG HTML, "multipart/form-data encoding
/// algorithm"). A file name that reads as percent-encoded UTF-8 as a whole (RFC 7578 2) is decoded as a whole. Bytes
/// that are not UTF-8 become U+FFFD.
struct MultipartDisposition {
  let name: String
  let fileName: String?

  init(parsing value: ArraySlice<UInt8>, limits: MultipartLimits) throws(MultipartError) {
    var parameters = MultipartParameters(value)
    guard parameters.takeValue().isASCIIText("form-data") else {
      throw .malformedContentDisposition("it is not form-data")
    }
    // A few at most, so that looking through them is cheaper than hashing.
    var values: [(name: String, value: [UInt8])] = []
    while true {
      let parameter: MultipartParameters.Parameter?
      do { parameter = try parameters.next() } catch { throw .malformedContentDisposition(error.reason) }
      guard let parameter else { break }
      guard !values.contains(where: { $0.name == parameter.name }) else {
        throw .malformedContentDisposition("\(parameter.name) is there twice")
      }
      values.append((parameter.name, parameter.value))
    }
    func named(_ name: String) -> [UInt8]? { values.first { $0.name == name }?.value }

    guard let nameBytes = named("name") else { throw .malformedContentDisposition("it has no name") }
    let decodedName = MultipartEscapes.decodingBrowserEscapes(nameBytes)
    guard decodedName.count <= limits.nameByteCountMax else {
      throw .nameTooLong(byteCountMax: limits.nameByteCountMax)
    }
    name = String(decoding: decodedName, as: UTF8.self)

    guard let path = try Self.fileName(plain: named("filename"), extended: named("filename*")) else {
      fileName = nil
      return
    }
    guard path.utf8.count <= limits.fileNameByteCountMax else {
      throw .fileNameTooLong(byteCountMax: limits.fileNameByteCountMax)
    }
    fileName = Self.lastComponent(of: path)
  }

  /// `filename*` goes before `filename` (RFC 6266 4.3), and is passed over when it is malformed or of an unknown charset.
  /// RFC 7578 4.2 tells senders not to use it in forms; some do.
  private static func fileName(plain: [UInt8]?, extended: [UInt8]?) throws(MultipartError) -> String? {
    if let extended, let decoded = MultipartExtendedValue.decode(extended) { return decoded }
    if let plain {
      return MultipartEscapes.decodingUTF8(plain)
        ?? String(decoding: MultipartEscapes.decodingBrowserEscapes(plain), as: UTF8.self)
    }
    guard extended == nil else {
      throw .malformedContentDisposition("filename* is malformed or of an unknown charset, and there is no filename")
    }
    return nil
  }

  private static func lastComponent(of path: String) -> String {
    guard let separator = path.utf8.lastIndex(where: { $0 == UInt8(ascii: "/") || $0 == ASCII.backslash }) else {
      return path
    }
    return String(path[path.utf8.index(after: separator)...])
  }
}
