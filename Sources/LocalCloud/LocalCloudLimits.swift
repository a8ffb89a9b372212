/// Every bound of the local cloud in one place. Those that S3 and SQS document are theirs.
package struct LocalCloudLimits: Sendable {
  /// Open connections: those of a web process that sends 10 000 uploads at their clients' pace, and others. One that
  /// brings an object holds at most two pieces of it.
  package var connectionCountMax = 12_288
  /// Bytes of an object moved by one visit to the thread pool. Longer pieces cost fewer visits, shorter ones less memory;
  /// beyond 256 KiB nothing is won.
  package var pieceByteCount = 256 * 1024
  /// One PUT, one part: 5 GiB.
  package var putByteCountMax = 5 * 1024 * 1024 * 1024
  /// All parts of a multipart upload but the last: 5 MiB.
  package var partByteCountMin = 5 * 1024 * 1024
  package var partNumberMax = 10_000
  /// An object made of parts: 5 TiB.
  package var objectByteCountMax = 5 * 1024 * 1024 * 1024 * 1024
  package var keyByteCountMax = 1024
  /// Names and values of `x-amz-meta-*` together: 2 KB.
  package var userMetadataByteCountMax = 2048
  /// What a page of a listing holds at most, and keys in one multi-object delete.
  package var listingCountMax = 1000
  package var deleteCountMax = 1000
  /// XML bodies: 1000 keys of 1024 bytes, every one escaped (`&amp;`), or 10 000 parts with all checksums, fit in.
  package var xmlByteCountMax = 6 * 1024 * 1024
  package var bucketCountMax = 10_000
  /// SQS: ten messages of 1 MiB together, every character escaped (`\u0000`), and then some.
  package var queueRequestByteCountMax = 8 * 1024 * 1024
  /// How long a stop waits for requests in flight.
  package var shutdownDuration: Duration = .seconds(10)

  package init() {}
}
