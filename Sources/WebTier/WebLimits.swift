/// Every bound of the web tier, its default and the reason for it.
package struct WebLimits: Sendable {
  /// A file that ends within its first window is one PUT of known length; most photos of the web do.
  package var firstWindowByteCount = 256 * 1024
  /// Bytes of one upload that S3 has not taken yet. Beyond them the client's socket is not read.
  package var unsentByteCountMax = 512 * 1024
  /// Memory of all uploads together that is kept for replays. What is in flight beyond it is bounded by
  /// `uploadCountMax` × `unsentByteCountMax`, which with the defaults adds another 512 MiB at the very worst.
  package var replayByteCountMax = 256 * 1024 * 1024
  /// Files on their way to S3 at once, and requests that have been let in to bring one; further ones are refused with 503
  /// before they are read.
  package var uploadCountMax = 1024
  /// Memory of all uploads, replays included, beyond which no request is let in unless its first window fits: with the
  /// defaults, what the two bounds above come to at the very worst. What has been let in goes on.
  package var bufferByteCountMax = 768 * 1024 * 1024
  /// Files in one form, so that one request cannot take everybody's places.
  package var filesPerFormMax = 32
  /// One image.
  package var imageByteCountMax = 32 * 1024 * 1024
  /// One request, all its files and fields.
  package var bodyByteCountMax = 48 * 1024 * 1024
  /// Clients that wait for an answer at once.
  package var pendingAnswerCountMax = 50_000
  /// How long a client waits for its answer before it is told where to find it.
  package var answerTimeout: Duration = .seconds(30)
  /// Clients that wait for a result at `/v1/results/` at once; further ones are told `202` without a wait. Fewer than the
  /// server's connections, so that uploads find some free.
  package var longPollCountMax = 4096
  /// The longest such wait; load balancers in front cut what is silent for longer.
  package var longPollDurationMax: Duration = .seconds(60)
  /// How often all of them together look into the bucket for answers that other processes asked for: a fiftieth of the
  /// GET requests a second that S3 gives a prefix.
  package var resultLooksPerSecondMax = 100
  /// A result as it lies in the output bucket.
  package var resultByteCountMax = 64 * 1024
  /// Problem codes and statuses that `/metrics` tells apart; ours are some fifty, those of workers an open set.
  package var problemLabelCountMax = 100
  /// How long a stop lets connections that wait for a request send one more: clients of an upgraded process learn from
  /// its answer that the connection ends, rather than from a reset. A round trip takes less even around the world.
  package var stopGraceDuration: Duration = .seconds(1)

  /// The reply queues' upkeep.
  package var replyQueues = ReplyQueueLimits()

  package init() {}
}
