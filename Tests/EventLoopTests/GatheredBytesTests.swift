import Testing

@testable import EventLoop

@Suite("Gathered bytes")
struct GatheredBytesTests {
  /// Calls `body` with "abc", "defgh" and "i", gathered.
  private func with(_ body: (GatheredBytes) -> Void) {
    Array("abc".utf8).withUnsafeBytes { first in
      Array("defgh".utf8).withUnsafeBytes { second in
        Array("i".utf8).withUnsafeBytes { third in
          var bytes = GatheredBytes()
          for piece in [first, second, third] { bytes.append(piece) }
          body(bytes)
        }
      }
    }
  }

  private func text(_ bytes: GatheredBytes) -> String {
    String(decoding: (0..<bytes.count).flatMap { Array(bytes[$0]) }, as: UTF8.self)
  }

  @Test("any cut leaves what is before it and what is behind it")
  func cuts() {
    with { bytes in
      #expect(bytes.byteCount == 9)
      let whole = "abcdefghi"
      for byteCount in 0...10 {
        #expect(text(bytes.prefix(byteCount)) == String(whole.prefix(byteCount)))
        #expect(text(bytes.dropFirst(byteCount)) == String(whole.dropFirst(byteCount)))
        #expect(bytes.prefix(byteCount).byteCount == min(9, byteCount))
        #expect(bytes.dropFirst(byteCount).byteCount == max(0, 9 - byteCount))
      }
    }
  }

  @Test("as much is copied as fits")
  func copy() {
    with { bytes in
      for room in 0...12 {
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 1)
        defer { target.deallocate() }
        let copied = bytes.copy(to: target)
        #expect(copied == min(room, 9))
        #expect(String(decoding: target.prefix(copied), as: UTF8.self) == String("abcdefghi".prefix(room)))
      }
    }
  }

  @Test("beyond its pieces it takes none, and no empty ones")
  func bound() {
    Array("x".utf8).withUnsafeBytes { piece in
      var bytes = GatheredBytes()
      bytes.append(UnsafeRawBufferPointer(start: nil, count: 0))
      #expect(bytes.count == 0)
      for _ in 0..<GatheredBytes.pieceCountMax + 3 { bytes.append(piece) }
      #expect(bytes.isFull && bytes.byteCount == GatheredBytes.pieceCountMax)
    }
  }
}
