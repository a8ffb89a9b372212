/// Every bound of access control, its default and the reason for it.
package struct AccessLimits: Sendable {
  /// Keys in the file. Each request is compared to all of them, at some 20 ns a key.
  package var keyCountMax = 1000
  /// The file of keys: room for so many lines with comments. What is longer is no file of keys.
  package var keyFileByteCountMax = 1024 * 1024
  /// Addresses whose request rate is remembered, at some 50 bytes each. Beyond them the longest unseen is forgotten, and
  /// begins with a full burst when it comes again.
  package var addressCountMax = 65_536

  package init() {}
}
