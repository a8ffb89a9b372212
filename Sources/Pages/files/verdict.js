// What an answer of the service means for its image. Pure.

import { retryAfter } from "./backoff.js";
import { readProblem } from "./problems.js";

// `response`: {status, text, header(name)}; status 0 when the connection failed. One of
//   {kind: "done", answer}, {kind: "pending", location, pause},
//   {kind: "later", isFull, pause, problem}: worth another attempt; `isFull` when it is the service that asks to slow down,
//   {kind: "key", problem}: a key, or another one, is needed,
//   {kind: "failed", problem}.
export function verdict({ status, text, header }, now) {
  if (status === 0) return later({ code: "unreachable", status }, null, false);
  const pause = retryAfter(header("Retry-After"), now);
  if (status === 200) return done(text) ?? failed({ code: "unintelligible", status });
  if (status === 202) return pending(header("Location"), text, pause);
  const problem = readProblem(status, text);
  switch (status) {
    case 401:
      return { kind: "key", problem: { ...problem, code: problem.code || "key-missing" } };
    case 403:
      return problem.code === "key-unknown" ? { kind: "key", problem } : failed(problem);
    case 429:
    case 503:
      return later(problem, pause, true);
    case 408:
    case 409:
    case 502:
    case 504:
      return later(problem, pause, false);
    default:
      return failed(problem);
  }
}

const later = (problem, pause, isFull) => ({ kind: "later", isFull, pause, problem });
const failed = (problem) => ({ kind: "failed", problem });

function done(text) {
  try {
    const answer = JSON.parse(text);
    return typeof answer.label === "string" ? { kind: "done", answer } : null;
  } catch {
    return null;
  }
}

function pending(location, text, pause) {
  let place = location;
  try {
    place ??= JSON.parse(text).location;
  } catch {
    // The header is what counts.
  }
  return place ? { kind: "pending", location: place, pause: pause ?? 0 } : failed({ code: "unintelligible", status: 202 });
}
