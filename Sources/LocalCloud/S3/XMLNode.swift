import Foundation
import FoundationXML

/// A small XML document as a tree: what clients send to complete uploads, delete objects and create buckets.
struct XMLNode {
  let name: String
  fileprivate(set) var text = ""
  fileprivate(set) var children: [XMLNode] = []

  /// Elements nested deeper than any of S3's.
  private static let depthMax = 8

  fileprivate init(name: String) { self.name = name }

  /// - Throws: `MalformedXML` unless it is well-formed and its root is called that.
  init(parsing bytes: [UInt8], root: String) throws(S3Error) {
    // None of S3's documents declares anything; those that do want entities expanded.
    guard bytes.firstRange(of: Array("<!DOCTYPE".utf8)) == nil else { throw S3Error(.malformedXML) }
    let builder = Builder()
    let parser = XMLParser(data: Data(bytes))
    parser.shouldProcessNamespaces = true
    parser.shouldResolveExternalEntities = false
    parser.delegate = builder
    guard parser.parse(), let node = builder.root, node.name == root else { throw S3Error(.malformedXML) }
    self = node
  }

  subscript(name: String) -> String? { children.first { $0.name == name }?.text }

  func all(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }

  private final class Builder: NSObject, XMLParserDelegate {
    private var stack: [XMLNode] = []
    var root: XMLNode?

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      if stack.count >= XMLNode.depthMax { return parser.abortParsing() }
      stack.append(XMLNode(name: name))
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
      guard !stack.isEmpty else { return }
      stack[stack.count - 1].text += text
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
      guard let node = stack.popLast() else { return }
      if stack.isEmpty { root = node } else { stack[stack.count - 1].children.append(node) }
    }
  }
}
