// A stream of server-sent events (WHATWG HTML §9.2), read with fetch: EventSource cannot send an API key.

import { backoff } from "./backoff.js";
import { limits } from "./limits.js";

// Text in, events out, wherever the text is cut. Pure.
export class EventParser {
  #rest = "";
  #event = "";
  #data = [];
  #length = 0;
  #isFirst = true;

  // The events that `text` completes, each {event, data}. Throws when one is longer than `limits.eventLengthMax`.
  push(text) {
    const events = [];
    if (this.#isFirst && text) {
      text = text.replace(/^\uFEFF/, "");
      this.#isFirst = false;
    }
    this.#rest += text;
    // A CR at the end may be half of a line's end.
    let end;
    while ((end = /\r\n|\n|\r(?!$)/.exec(this.#rest))) {
      const line = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      const event = this.#line(line);
      if (event) events.push(event);
    }
    if (this.#rest.length + this.#length > limits.eventLengthMax) throw new RangeError("an event is too long");
    return events;
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const [, field, value] = /^([^:]*)(?:: ?([^]*))?$/.exec(line);
    if (field === "event") this.#event = value ?? "";
    if (field === "data") {
      this.#data.push(value ?? "");
      this.#length += line.length;
    }
    return null;
  }

  #dispatch() {
    const event = this.#data.length > 0 ? { event: this.#event || "message", data: this.#data.join("\n") } : null;
    this.#event = "";
    this.#data = [];
    this.#length = 0;
    return event;
  }
}

// Follows a stream until `signal` is aborted, asking again with growing pauses whenever it ends.
//   headers()         of each request: a key may have been entered since
//   onEvent(event)    {event, data}
//   onStatus(status)  "open"; "down": it will be asked for again; and the last words: "absent": this server has no such
//                     stream, "key": it asks for a key, or another one
export async function followEvents(path, { headers = () => ({}), onEvent, onStatus = () => {}, signal }) {
  let attempt = 0;
  while (!signal.aborted) {
    const status = await readOnce(path, headers(), onEvent, () => onStatus("open"), signal);
    if (signal.aborted) return;
    if (status === "absent" || status === "key") return onStatus(status);
    // What has been open began well: the first pause again.
    attempt = status === "ended" ? 1 : attempt + 1;
    onStatus("down");
    await pause(backoff(attempt, { pause: limits.eventPause, pauseMax: limits.eventPauseMax }, Math.random), signal);
  }
}

async function readOnce(path, headers, onEvent, onOpen, signal) {
  // The server's heartbeats keep this from running out.
  const silence = new AbortController();
  const stop = () => silence.abort();
  signal.addEventListener("abort", stop, { once: true });
  let timer = setTimeout(stop, limits.eventSilenceMax);
  let isOpen = false;
  try {
    const response = await fetch(path, {
      headers: { Accept: "text/event-stream", ...headers }, cache: "no-store", signal: silence.signal,
    });
    if (response.status === 401 || response.status === 403) return "key";
    if ([404, 405, 406, 501].includes(response.status)) return "absent";
    if (!response.ok || !response.body) return "failed";
    if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) return "absent";
    isOpen = true;
    onOpen();
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "ended";
      clearTimeout(timer);
      timer = setTimeout(stop, limits.eventSilenceMax);
      for (const event of parser.push(value)) onEvent(event);
    }
  } catch {
    return isOpen ? "ended" : "failed";
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    silence.abort();
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
