import AWS

/// One message attribute as it travels in JSON and is kept in the database: a type, and a value as text or as bytes.
struct MessageAttribute: Sendable, Codable, Equatable {
  var dataType: String?
  var stringValue: String?
  /// Base64 in JSON.
  var binaryValue: String?
  var stringListValues: [String]?
  var binaryListValues: [String]?

  private enum CodingKeys: String, CodingKey {
    case dataType = "DataType"
    case stringValue = "StringValue"
    case binaryValue = "BinaryValue"
    case stringListValues = "StringListValues"
    case binaryListValues = "BinaryListValues"
  }

  var type: String { dataType ?? "" }
  var isBinary: Bool { type == "Binary" || type.hasPrefix("Binary.") }

  /// What it counts towards a message's size, and what its digest covers.
  var value: [UInt8] {
    isBinary ? binaryValue.flatMap { Base64.decode($0) } ?? [] : Array((stringValue ?? "").utf8)
  }

  /// Checks type and value ("Message attribute components", Amazon SQS Developer Guide).
  func validate(named name: String) throws(SQSError) {
    try MessageAttribute.validate(name: name)
    let isListed = !(stringListValues ?? []).isEmpty || !(binaryListValues ?? []).isEmpty
    if isListed { throw .unsupported("Message attribute list values in SendMessage are not supported.") }
    guard !type.isEmpty else {
      throw .invalidParameter("The message attribute '\(name)' must contain a non-empty message attribute type.")
    }
    let (logicalType, label) = MessageAttribute.split(type)
    guard ["String", "Number", "Binary"].contains(logicalType), label != "",
      type.utf8.count <= SQSLimits.attributeNameByteCountMax
    else {
      throw .invalidParameter(
        "The message attribute '\(name)' has an invalid message attribute type, "
          + "the set of supported type prefixes is Binary, Number, and String.")
    }
    if logicalType == "Binary" {
      guard stringValue == nil, let binaryValue, let bytes = Base64.decode(binaryValue), !bytes.isEmpty else {
        throw MessageAttribute.lacksValue(name, "Binary")
      }
      return
    }
    guard binaryValue == nil, let stringValue, !stringValue.isEmpty else {
      throw MessageAttribute.lacksValue(name, logicalType)
    }
    guard MessageText.isValid(stringValue) else { throw .invalidMessageContents }
    if logicalType == "Number", !MessageAttribute.isNumber(stringValue) {
      throw .invalidParameter("Can't cast the value of message (user) attribute '\(name)' to a number.")
    }
  }

  private static func lacksValue(_ name: String, _ type: String) -> SQSError {
    .invalidParameter(
      "The message attribute '\(name)' must contain a non-empty message attribute value for message attribute type "
        + "'\(type)'.")
  }

  private static func split(_ type: String) -> (logicalType: String, label: String?) {
    guard let dot = type.firstIndex(of: ".") else { return (type, nil) }
    return (String(type[..<dot]), String(type[type.index(after: dot)...]))
  }

  /// `A-Z a-z 0-9 _ - .`, no period at an end or twice in a row, and not what AWS keeps for itself.
  private static func validate(name: String) throws(SQSError) {
    let bytes = name.utf8
    let isAllowed = bytes.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    let lowercased = name.lowercased()
    guard isAllowed, (1...SQSLimits.attributeNameByteCountMax).contains(bytes.count), !name.hasPrefix("."),
      !name.hasSuffix("."), !zip(bytes, bytes.dropFirst()).contains(where: { $0 == UInt8(ascii: ".") && $1 == $0 }),
      !lowercased.hasPrefix("aws."), !lowercased.hasPrefix("amazon.")
    else {
      throw .invalidParameter("The message attribute name '\(name)' is invalid.")
    }
  }

  /// Decimal, up to 38 digits, between -10^128 and 10^126.
  static func isNumber(_ text: String) -> Bool {
    var digits = 0
    var isFraction = false
    var rest = text.utf8[...]
    if let first = rest.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { rest.removeFirst() }
    while let byte = rest.first {
      if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
        digits += 1
      } else if byte == UInt8(ascii: "."), !isFraction {
        isFraction = true
      } else {
        break
      }
      rest.removeFirst()
    }
    guard (1...38).contains(digits) else { return false }
    guard let mark = rest.first else { return true }
    guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E"), let exponent = Int(Substring(rest.dropFirst())) else {
      return false
    }
    return (-128...126).contains(exponent)
  }
}
