import Jobs

extension ClassificationError {
  /// Whether it is the image's fault, and will be the next time. Codes that are not known are a newer worker's; those
  /// are taken for ours.
  var isOfImage: Bool { [.undecodableImage, .imageTooLarge, .unsupportedFormat].contains(code) }
}
