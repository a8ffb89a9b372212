// Every bound of the page, its value and the reason for it. Times are in milliseconds, sizes in bytes.

export const limits = Object.freeze({
  // Images on the page at once, done or not: some 40 elements and 15 kB of thumbnail each.
  imagesMax: 1000,
  // Of what waits, all together. Files are read as they are sent, so this bounds hours of upload rather than memory.
  bytesWaitingMax: 4 * 1024 ** 3,
  // Files looked at in dropped folders. A home folder dropped by mistake ends here.
  folderEntriesMax: 20_000,
  folderDepthMax: 32,
  // Names spelled out in a message; the rest are counted.
  namesToldMax: 3,

  // Browsers open six connections to a host of HTTP/1.1. One is the live line's; the others are shared by uploads and by
  // questions for answers that came late, of which two at once are enough: a late answer is mostly there when asked for.
  requestsMax: 5,
  pollsMax: 2,
  // Uploads that were let in before one more is tried beside them, after the service was too full for so many.
  successesToWiden: 4,
  // How long an upload's connection is kept for its answer. Beyond it the next image goes up, and the service's queue
  // shows the whole backlog, which is what its workers multiply by.
  answerWaitSeconds: 3,
  // How long one question for a late answer stays open; load balancers cut what is silent for a minute.
  pollWaitSeconds: 10,
  pollPause: 250,
  // After this an image is given up, with a button to try again.
  answerDurationMax: 15 * 60_000,

  // Attempts at one image, so spaced: half a second, doubled each time, at most 30 s, each drawn between half and the
  // whole. What a Retry-After says is waited for instead, up to five minutes.
  attemptsMax: 10,
  retryPause: 500,
  retryPauseMax: 30_000,
  retryAfterMax: 300_000,
  // No byte sent and no answer for so long: the connection is dead. The service answers within answerWaitSeconds, once
  // S3 has the image; its own patience with S3 is some 60 s.
  silenceMax: 75_000,

  // Decoding takes a core and up to hundreds of megabytes for a moment.
  thumbnailsAtOnceMax: 2,
  thumbnailWidth: 400,
  thumbnailHeight: 300,
  // So far outside of what is seen thumbnails are made.
  thumbnailMargin: "600px",

  // Of the rate that is shown, and between two announcements to screen readers while images are recognised.
  rateWindow: 5_000,
  announcementPause: 8_000,

  // Events: an event's text; silence after which a stream is taken for dead (its heartbeats come more often); pauses
  // before it is asked for again.
  eventLengthMax: 256 * 1024,
  eventSilenceMax: 45_000,
  eventPause: 1_000,
  eventPauseMax: 30_000,
});
