import Foundation
import Testing

@testable import Recognition

@Suite("Labels")
struct LabelsTests {
  @Test("WordNet ids are told from names")
  func parsing() throws {
    let labels = try Labels("n02124075 Egyptian cat\nplain name\nn123 short\n  n01440764 tench, Tinca  tinca\nnettle\n")
    #expect(labels.count == 5)
    #expect(labels[0] == Labels.Label(wordNetID: "n02124075", name: "Egyptian cat"))
    #expect(labels[1] == Labels.Label(wordNetID: nil, name: "plain name"))
    #expect(labels[2] == Labels.Label(wordNetID: nil, name: "n123 short"))
    #expect(labels[3] == Labels.Label(wordNetID: "n01440764", name: "tench, Tinca  tinca"))
    #expect(labels[4].name == "nettle")
  }

  @Test("line ends of Windows and blank lines at the end make no difference")
  func lineEnds() throws {
    #expect(try Labels("a\r\nb b\r\n") == Labels("a\nb b\n\n\n"))
    #expect(try Labels("a\nb b") == Labels("a\nb b\n"))
  }

  @Test("an empty file and a gap are errors, as every label after it would be wrong")
  func malformed() {
    #expect(throws: Labels.MalformedText(reason: "it holds no labels")) { try Labels("") }
    #expect(throws: Labels.MalformedText(reason: "it holds no labels")) { try Labels("\n \n") }
    #expect(throws: Labels.MalformedText(reason: "line 2 is empty")) { try Labels("a\n\nb\n") }
  }

  @Test("an absent file and bytes that are no text are errors that name the file")
  func files() throws {
    #expect(throws: ClassifierError.labels(path: "/nowhere/labels.txt", reason: "the file cannot be read")) {
      try Labels(contentsOf: "/nowhere/labels.txt")
    }
    let model = try TinyModel()
    defer { model.remove() }
    let path = model.directory.appending(path: "binary.txt").path
    try Data([0x61, 0xFF, 0xFE, 0x0A]).write(to: URL(filePath: path))
    #expect(throws: ClassifierError.labels(path: path, reason: "it is not UTF-8 text")) { try Labels(contentsOf: path) }
  }
}
