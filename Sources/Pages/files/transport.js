// Requests with images, and for answers that came late. Every outcome is {status, text, header(name)}: status 0 when the
// connection failed, fell silent or was stopped. Of an upload there are `sentMs` and `elapsedMs` too: see times.js.

// XMLHttpRequest, since fetch tells nothing of an upload's progress.
//   onProgress(share)  from 0 to 1
//   onSent()           the last byte has left, some 100 ms ago at most
export function send(image, { headers, answerWaitSeconds, silenceMax, durationMax, signal, onProgress, onSent }) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("image", image.file, image.name);
    let silence;
    const stop = () => request.abort();
    const isAlive = () => {
      clearTimeout(silence);
      silence = setTimeout(stop, silenceMax);
    };
    request.open("POST", "/v1/images");
    request.timeout = durationMax;
    const fields = {
      ...headers, Accept: "application/json", Prefer: `wait=${answerWaitSeconds}`,
      "Idempotency-Key": `"${image.idempotencyKey}"`,
    };
    for (const [name, value] of Object.entries(fields)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      isAlive();
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    let begin;
    let sentMs = null;
    let elapsedMs = null;
    request.upload.addEventListener("load", () => {
      isAlive();
      sentMs = performance.now() - begin;
      onSent();
    });
    request.addEventListener("readystatechange", () => {
      if (request.readyState === XMLHttpRequest.HEADERS_RECEIVED) elapsedMs = performance.now() - begin;
    });
    request.addEventListener("loadend", () => {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      resolve({
        status: request.status, text: request.responseText, header: (name) => request.getResponseHeader(name),
        sentMs, elapsedMs,
      });
    });
    signal.addEventListener("abort", stop, { once: true });
    isAlive();
    begin = performance.now();
    request.send(form);
  });
}

export async function ask(location, { headers, pollWaitSeconds, silenceMax, signal }) {
  const silence = new AbortController();
  const stop = () => silence.abort();
  const timer = setTimeout(stop, silenceMax);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const url = new URL(location, document.baseURI);
    url.searchParams.set("wait", pollWaitSeconds);
    const response = await fetch(url, {
      headers: { ...headers, Accept: "application/json" }, cache: "no-store", signal: silence.signal,
    });
    const text = await response.text();
    return { status: response.status, text, header: (name) => response.headers.get(name) };
  } catch {
    return { status: 0, text: "", header: () => null };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
