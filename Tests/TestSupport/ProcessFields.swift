import Foundation

/// The fields of proc(5)'s `stat`, from the third on: the state, the parent's identifier …
/// - Parameter folder: `/proc/PID`, or that of one of its tasks.
/// - Returns: Empty when there is no such process.
package func processFields(_ folder: String) -> [String] {
  let text = (try? String(contentsOfFile: folder + "/stat", encoding: .utf8)) ?? ""
  // The command's name, which may hold anything, ends with the last parenthesis.
  guard let name = text.lastIndex(of: ")") else { return [] }
  return text[name...].split(separator: " ").dropFirst().map(String.init)
}
