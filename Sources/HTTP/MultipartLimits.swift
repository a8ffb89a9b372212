/// The bounds of one multipart/form-data body. None of them bounds a part's content: that is the receiver's to do.
package struct MultipartLimits: Sendable, Hashable {
  /// Bytes of one part's header lines, with their line ends. Browsers need about 150, plus the file name; 8 KiB is what
  /// servers commonly allow a whole request head.
  package var headerByteCountMax = 8192
  /// Header lines of one part. RFC 7578 4.8 knows three.
  package var headerCountMax = 16
  /// Parts of one body, fields and files. Each file becomes an object and a job, so this also bounds what one request
  /// can ask of the tiers behind.
  package var partCountMax = 128
  /// Bytes of a field's name, decoded. Programmers choose them; the longest seen are paths like `a[b][c]`.
  package var nameByteCountMax = 256
  /// Bytes of a file's name, decoded and with the directories the client may have sent. File systems stop at 255 bytes
  /// or 255 UTF-16 units (765 bytes) a component.
  package var fileNameByteCountMax = 1024
  /// Bytes before the first boundary, ignored. Form clients send none; mail-like ones send a sentence.
  package var preambleByteCountMax = 1024
  /// Bytes after the closing line, ignored. Form clients send none.
  package var epilogueByteCountMax = 1024
  /// Blanks after a boundary. RFC 2046 expects a gateway to add a few, no form client does.
  package var delimiterPaddingByteCountMax = 64

  package init() {}
}
