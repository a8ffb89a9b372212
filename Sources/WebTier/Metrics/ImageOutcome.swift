/// What came of an image, as metrics name it.
enum ImageOutcome: CaseIterable {
  case answered, failed, pending, refused, cancelled
}
