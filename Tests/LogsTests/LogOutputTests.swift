import Foundation
import Logging
import Logs
import Testing

@Suite("Log output")
struct LogOutputTests {
  @Test("a reader that has stopped costs lines, which are counted, and never the caller")
  func stuckReader() throws {
    let pipe = try LogPipe()
    let logger = Logger(label: "stuck") { label in
      LineLogHandler(label: label, level: .info, format: .json, output: pipe.output)
    }
    // Many times what the pipe holds. A write that blocked would block for ever: nobody reads.
    for number in 0..<1000 { logger.info("line \(number) \(String(repeating: ".", count: 200))") }
    let taken = pipe.takeLines()
    #expect(taken.count > 0 && taken.count < 100)
    logger.info("after")
    let more = pipe.takeLines()
    try #require(more.count == 2)
    let notice = try #require(try JSONSerialization.jsonObject(with: Data(more[0].utf8)) as? [String: Any])
    #expect(notice["dropped"] as? Int == 1000 - taken.count)
    #expect(more[1].contains("after"))
    logger.info("and on")
    #expect(pipe.takeLines().count == 1)
  }

  @Test("lines of several threads do not mix")
  func threads() async throws {
    let pipe = try LogPipe()
    let output = pipe.output
    await withTaskGroup(of: Void.self) { group in
      for thread in 0..<4 {
        group.addTask {
          let logger = Logger(label: "t\(thread)") { label in
            LineLogHandler(label: label, level: .info, format: .json, output: output)
          }
          for _ in 0..<4 { logger.info("\(String(repeating: "\(thread)", count: 100))") }
        }
      }
    }
    let lines = pipe.takeLines()
    #expect(lines.count == 16)
    for line in lines {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(Set(try #require(object["message"] as? String)).count == 1)
    }
  }
}
