// What went wrong, in words for people. The service's problems have a stable `code` (RFC 9457); what the page itself
// finds wrong has codes of its own here.

const sentences = {
  "not-an-image": "This file is not an image. JPEG, PNG, GIF, WebP, TIFF, AVIF and HEIF are understood.",
  "empty-file": "This file is empty.",
  "undecodable-image": "This image is damaged, or not what its name says: it could not be opened.",
  "unsupported-format": "This kind of image is not understood. Try it as JPEG or PNG.",
  "unsupported-media-type": "This kind of file is not understood. Try it as JPEG or PNG.",
  "image-too-large": "This image is too large for this service.",
  "body-too-large": "This image is too large for this service.",
  "file-name-too-long": "The name of this file is too long.",
  "length-mismatch": "The file changed while it was sent.",
  "unknown-model": "The service does not have the model that was asked for.",
  "idempotency-key-reused": "The file changed since it was first sent. Add it again.",
  "idempotency-conflict": "The service is at work on this image already.",
  "key-missing": "The service asks for an API key.",
  "key-unknown": "The service does not know this API key.",
  "body-too-slow": "The connection was too slow to send this image.",
  "request-too-long": "The connection was too slow to send this image.",
  cancelled: "The service stopped before this image was recognised.",
  "too-many-requests": "The service takes only so many images at a time from one sender.",
  "too-many-connections-of-address": "There are too many connections from your network.",
  "storage-failed": "The service could not store this image.",
  "image-missing": "The image was removed before it was recognised.",
  unavailable: "The service could not recognise this image just now.",
  internal: "The service failed at this image.",
  "queue-unavailable": "The service could not queue this image.",
  "too-many-uploads": "The service is full at the moment.",
  "too-many-pending": "The service is full at the moment.",
  "too-many-connections": "The service is full at the moment.",
  "out-of-memory": "The service is full at the moment.",
  "upload-memory-spent": "The service is full at the moment.",
  "replay-impossible": "The service is full at the moment.",
  "unknown-id": "The service no longer knows this image.",
  // The page's own.
  unreachable: "The service cannot be reached.",
  silent: "The service did not answer.",
  "answer-late": "The answer has not come. It may still: try again to ask for it.",
  unreadable: "This file cannot be read any more. Was it moved or changed?",
  unintelligible: "The service answered something that this page does not understand.",
};

// A sentence for a problem: by its code, else the service's own words, else its status.
export function sentence({ code, detail, status } = {}) {
  if (code && Object.hasOwn(sentences, code)) return sentences[code];
  if (typeof detail === "string" && detail.trim()) return detail.trim();
  return status ? `The service answered with an error (${status}).` : "Something went wrong.";
}

// What is wrong with the image itself stays so.
const lasting = new Set([
  "not-an-image", "empty-file", "undecodable-image", "unsupported-format", "unsupported-media-type", "image-too-large",
  "body-too-large", "file-name-too-long", "idempotency-key-reused",
]);

// Whether an image that came to nothing may fare better another time.
export function isRepeatable({ state, problem }) {
  return state === "cancelled" || (state === "failed" && !lasting.has(problem.code));
}

// Reads a problem from an answer's body; proxies in front answer with HTML, which tells people nothing.
export function readProblem(status, text) {
  try {
    const { code, detail } = JSON.parse(text);
    return { status, code: String(code ?? ""), detail: typeof detail === "string" ? detail.slice(0, 300) : "" };
  } catch {
    return { status, code: "", detail: "" };
  }
}
