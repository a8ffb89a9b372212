// Where the time of an image went, in milliseconds. Pure.

// Browsers tell that an upload has ended so much later at most, or when its answer begins.
const lateness = 100;

// From what the service says (`timings`) and what is measured here: `sentMs` until the last byte left, `elapsedMs` until
// the answer began, null when it came late and was asked for.
//
// The service's queue begins with an image's first bytes, so that it holds the upload of a large one too; its total begins
// when a worker takes the job. What is before that is upload and queue, each told once.
export function timesOf({ timings = {}, sentMs = null, elapsedMs = null }) {
  const times = { ...timings, upload: sentMs };
  if (elapsedMs === null || sentMs === null || !Number.isFinite(timings.queue) || !Number.isFinite(timings.total)) return times;
  const before = Math.max(0, elapsedMs - timings.total);
  const upload = Math.min(sentMs, Math.max(sentMs - lateness, before - timings.queue));
  times.upload = Math.min(before, Math.max(0, upload));
  times.queue = Math.min(timings.queue, before - times.upload);
  return times;
}

// The stages in their order.
export const stages = Object.freeze(["upload", "queue", "fetch", "decode", "classify"]);
