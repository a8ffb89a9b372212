import EventLoop
import Foundation
import TestSupport
import Testing

@Suite struct ChildProcessTests {
  @Test("output comes line by line, the last one without its line end too")
  func lines() async throws {
    try await onLoop {
      let output = Lines()
      let child = try ChildProcess(
        executable: "sh", arguments: ["-c", #"printf 'one\r\n\ntwo'; printf "$WORD" >&2; exit 3"#],
        environment: ["WORD": "three", "PATH": "/usr/bin:/bin"],
        standardOutput: .lines { output.out.append($0) }, standardError: .lines { output.err.append($0) })
      #expect(await child.exit() == .exited(3))
      #expect(await child.exit() == .exited(3))
      while output.out.count < 3 || output.err.isEmpty { try await sleep(for: .milliseconds(1)) }
      #expect(output.out == ["one", "", "two"])
      #expect(output.err == ["three"])
    }
  }

  @Test("further descriptors are the child's from 3 on: one of ours, and a pipe to us")
  func furtherDescriptors() async throws {
    try await onLoop {
      let output = Lines()
      let file = open("/etc/passwd", O_RDONLY | O_CLOEXEC)
      let child = try ChildProcess(
        executable: "sh", arguments: ["-c", "read -r line <&3; echo \"$line\" >&4; test ! -e /proc/self/fd/5"],
        further: [.descriptor(file), .lines { output.out.append($0) }])
      #expect(await child.exit() == .exited(0))
      while output.out.isEmpty { try await sleep(for: .milliseconds(1)) }
      let first = try String(contentsOfFile: "/etc/passwd", encoding: .utf8).split(separator: "\n").first
      #expect(output.out.first == first.map(String.init))
      // Still ours.
      #expect(close(file) == 0)
    }
  }

  @Test("a signal ends a child, and is told apart from an exit")
  func signalled() async throws {
    try await onLoop {
      let child = try ChildProcess(executable: "sleep", arguments: ["1000"])
      child.send(signal: SIGKILL)
      #expect(await child.exit() == .signalled(SIGKILL))
      child.send(signal: SIGKILL)
    }
  }

  @Test("an executable that does not exist is an error of the system")
  func missing() async throws {
    try await onLoop {
      let error = #expect(throws: UVError.self) { try ChildProcess(executable: "/nonexistent", arguments: []) }
      #expect(error?.name == "ENOENT")
    }
  }

  @Test("a line without an end is delivered in pieces of the bound")
  func endlessLine() {
    var splitter = LineSplitter()
    var lines: [Int] = []
    let bytes = [UInt8](repeating: 65, count: LineSplitter.lineByteCountMax + 10)
    splitter.append(bytes.span) { lines.append($0.utf8.count) }
    splitter.finish { lines.append($0.utf8.count) }
    #expect(lines == [LineSplitter.lineByteCountMax, 10])
  }
}

@LoopActor private final class Lines {
  var out: [String] = []
  var err: [String] = []
}
