// How long to wait before something is tried again. Pure: chance is passed in.

// `attempt` counts from 1; `random` gives numbers from 0 to 1. Between half of the pause and the whole of it, so that
// many pages that failed together do not come back together.
export function backoff(attempt, { pause, pauseMax }, random) {
  const whole = Math.min(pauseMax, pause * 2 ** Math.min(attempt - 1, 30));
  return whole / 2 + (random() * whole) / 2;
}

// The milliseconds a Retry-After asks for (RFC 9110 §10.2.3: seconds, or a date); null when it says nothing sensible.
export function retryAfter(text, now) {
  if (text === null || text === undefined) return null;
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Number(trimmed) * 1000;
  const date = Date.parse(trimmed);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
