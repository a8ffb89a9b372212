import Jobs

extension ClassificationError {
  /// Whether it is the image's fault, and will be the next time. Codes that are not known are a newer worker's; those
  /// are taken for ours.
  var isOfImage: Bool { [.undecodableImage, .imageTooLarge, .unsupportedFormat].contains(code) }

  /// Whether the client is to change what it sends. The model that it asked for may be there another time, though.
  var isOfRequest: Bool { isOfImage || code == .unknownModel }
}
