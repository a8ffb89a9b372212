/// What an image shows, and what it cost to see it.
package struct RecognitionResult: Sendable {
  /// Best first; never empty.
  package let top: [Classification]
  /// From the file's bytes to the model's pixels.
  package let decoding: Duration
  /// From pixels to labels, of all images that were classified together, waiting for a free inference request included.
  package let inference: Duration
}
