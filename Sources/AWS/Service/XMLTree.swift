import Foundation
import FoundationXML

/// A small XML document, read whole. S3's answers are bounded before they come here (a thousand keys at most), so a tree
/// is the simplest thing that serves.
package struct XMLTree: Sendable {
  package let name: String
  package var text = ""
  package var children: [XMLTree] = []

  /// S3 nests five deep; a hundred is somebody else's document.
  static let depthMax = 100

  package struct Malformed: Error {}

  /// Fails for anything that is not one well-formed element.
  package init(parsing bytes: [UInt8]) throws(Malformed) {
    let parser = XMLParser(data: Data(bytes))
    parser.shouldResolveExternalEntities = false
    let builder = Builder()
    parser.delegate = builder
    guard parser.parse(), !builder.isMalformed, let root = builder.root else { throw Malformed() }
    self = root
  }

  fileprivate init(name: String) { self.name = name }

  /// The first child of this name.
  package subscript(name: String) -> XMLTree? { children.first { $0.name == name } }

  /// The first element of this name anywhere below, or this one.
  func descendant(_ name: String) -> XMLTree? {
    if self.name == name { return self }
    for child in children { if let found = child.descendant(name) { return found } }
    return nil
  }

  package func all(_ name: String) -> [XMLTree] { children.filter { $0.name == name } }

  private final class Builder: NSObject, XMLParserDelegate {
    var root: XMLTree?
    /// libxml2 reports what follows the root, or stands in for another end tag, and then parses on.
    var isMalformed = false
    private var open: [XMLTree] = []

    func parser(
      _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      guard root == nil, open.count < XMLTree.depthMax else {
        isMalformed = true
        return parser.abortParsing()
      }
      open.append(XMLTree(name: elementName))
    }

    func parser(_ parser: XMLParser, parseErrorOccurred parseError: any Error) { isMalformed = true }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
      guard !open.isEmpty else { return }
      open[open.count - 1].text += string
    }

    func parser(_ parser: XMLParser, foundCDATA block: Data) {
      guard !open.isEmpty else { return }
      open[open.count - 1].text += String(decoding: block, as: UTF8.self)
    }

    func parser(
      _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName: String?
    ) {
      guard let ended = open.popLast(), ended.name == elementName else {
        isMalformed = true
        return
      }
      if open.isEmpty { root = ended } else { open[open.count - 1].children.append(ended) }
    }
  }
}
