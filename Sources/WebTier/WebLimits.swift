/// Every bound of the web tier, its default and the reason for it.
package struct WebLimits: Sendable {
  /// A file that ends within its first window is one PUT of known length; most photos of the web do.
  package var firstWindowByteCount = 256 * 1024
  /// Bytes of one upload that S3 has not taken yet. Beyond them the client's socket is not read.
  package var unsentByteCountMax = 512 * 1024
  /// Memory of all uploads together: what is gathered, on its way or kept for a replay. Once it is spent each upload has
  /// one small slab and one read of its client's in hand, and what has been sent is let go.
  package var replayByteCountMax = 256 * 1024 * 1024
  /// Files on their way to S3 at once, and requests that have been let in to bring one; further ones are refused with 503
  /// before they are read. It is memory that bounds uploads; this bounds the bookkeeping: one for each connection, and as
  /// many again from forms with several files.
  package var uploadCountMax = 20_000
  /// Memory of all uploads, beyond which no request is let in unless its first window fits: the bound above, and 50 KiB
  /// for each of 10 000 connections. What has been let in goes on.
  package var bufferByteCountMax = 768 * 1024 * 1024
  /// Uploads sent to S3 at their client's pace at once, each on a connection of its own; others wait in their order, and
  /// their clients with them.
  package var streamedUploadCountMax = 10_000
  /// How long an upload may take at its client's pace; the HTTP server's own bound for a request.
  package var streamedUploadDurationMax: Duration = .seconds(900)
  /// Parts of one upload of unknown length that S3 is taking at once; one more is being gathered. Two keep a connection
  /// busy while the other waits for its answer.
  package var partsInFlightMax = 2
  /// Uploads without a job that wait to be removed from the bucket: all there can be at once, twice.
  package var removalCountMax = 40_000
  /// Those that are being removed at once. Most of them are in a pause.
  package var removalsInFlightMax = 256
  /// Attempts at one removal, beside the S3 client's own.
  package var removalAttemptCountMax = 5
  /// Between the first two of them; four times as long before each further one: 85 s in all.
  package var removalPause: Duration = .seconds(1)
  /// After a removal, before it is repeated since the upload might have been stored late.
  package var removalSettleDuration: Duration = .seconds(5)
  /// Files in one form, so that one request cannot take everybody's places.
  package var filesPerFormMax = 32
  /// The JSON of an inference request without its images. Clients write some 300 bytes; a request's head may have twice
  /// as much as this.
  package var inferenceJSONByteCountMax = 16 * 1024
  /// Models that are remembered as having answered; a worker has eight at most.
  package var knownModelCountMax = 64
  /// Versions of each: while workers are upgraded there are two.
  package var knownModelVersionCountMax = 4
  /// One image.
  package var imageByteCountMax = 32 * 1024 * 1024
  /// One request, all its files and fields.
  package var bodyByteCountMax = 48 * 1024 * 1024
  /// Jobs that wait for a call of SQS; further ones are refused with 503. Their images are stored already, so that all of
  /// the uploads may end together: at ten a call and 10 ms each, four calls at once take 20 000 jobs in 5 s.
  package var queuedJobCountMax = 20_000
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
  /// An `Idempotency-Key`: several UUIDs long, as others' are.
  package var idempotencyKeyByteCountMax = 255
  /// Jobs with such a key that are remembered as queued; some 100 bytes each.
  package var recentJobCountMax = 65_536
  /// A result as it lies in the output bucket.
  package var resultByteCountMax = 64 * 1024
  /// Problem codes and statuses that `/metrics` tells apart; ours are some fifty, those of workers an open set.
  package var problemLabelCountMax = 100
  /// How long a stop lets connections that wait for a request send one more: clients of an upgraded process learn from
  /// its answer that the connection ends, rather than from a reset. A round trip takes less even around the world.
  package var stopGraceDuration: Duration = .seconds(1)

  /// Event streams, and what the operators' page shows.
  package var activity = ActivityLimits()

  /// The reply queues' upkeep.
  package var replyQueues = ReplyQueueLimits()

  package init() {}
}
