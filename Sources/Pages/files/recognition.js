// The way of the images: sent when it is their turn, tried again when that is worth it, asked about when they are late.
// The decisions are those of `Schedule` and `verdict`; this does what they say.

import { hasImageSignature } from "./accept.js";
import { backoff } from "./backoff.js";
import { limits } from "./limits.js";
import { Picture } from "./picture.js";
import { isRepeatable, sentence } from "./problems.js";
import { Schedule } from "./schedule.js";
import { timesOf } from "./times.js";
import { ask, send } from "./transport.js";
import { verdict } from "./verdict.js";

export class Recognition {
  images = [];
  #schedule = new Schedule(limits);
  #keys;
  #onChange;
  #onKeyNeeded;
  #timer;

  //   onChange(image)      its state or progress is another
  //   onKeyNeeded(problem) nothing is sent until `resume` is called
  constructor({ keys, onChange, onKeyNeeded }) {
    this.#keys = keys;
    this.#onChange = onChange;
    this.#onKeyNeeded = onKeyNeeded;
  }

  get isHeld() {
    return this.#schedule.isHeld;
  }

  add(files) {
    const images = files.map((file) => new Picture(file));
    this.images.push(...images);
    this.#schedule.add(images);
    this.#pump();
    return images;
  }

  // Once more what failed or was cancelled.
  retry(images) {
    for (const image of images.filter(isRepeatable)) {
      image.attempts = 0;
      image.problem = null;
      image.retryAt = null;
      image.stopper = new AbortController();
      if (image.location) {
        this.#wait(image, performance.now());
      } else {
        this.#change(image, { state: "waiting", progress: 0 });
        this.#schedule.add([image]);
      }
    }
    this.#pump();
  }

  // Gives up what is not done. What the service has already may still be recognised there; nobody waits for it.
  cancel() {
    for (const image of this.#schedule.clear()) {
      this.#change(image, { state: "cancelled", retryAt: null });
      image.stopper.abort();
    }
    this.#pump();
  }

  // Takes away all but what is under way.
  clear() {
    const gone = this.images.filter((image) => !image.isOpen);
    this.images = this.images.filter((image) => image.isOpen);
    return gone;
  }

  hold() {
    this.#schedule.isHeld = true;
  }

  resume() {
    this.#schedule.isHeld = false;
    this.#pump();
  }

  #pump() {
    clearTimeout(this.#timer);
    const now = performance.now();
    for (let step; (step = this.#schedule.next(now)); ) {
      if (step.kind === "upload") this.#upload(step.image);
      else this.#poll(step.image);
    }
    const moment = this.#schedule.wakeAt(now);
    if (moment !== null) this.#timer = setTimeout(() => this.#pump(), moment - now);
  }

  async #upload(image) {
    const { stopper } = image;
    this.#change(image, { state: "uploading", progress: 0, retryAt: null });
    const flaw = image.attempts === 0 ? await flawOf(image.file) : null;
    if (stopper.signal.aborted) return;
    if (flaw) return this.#fail(image, { code: flaw });
    const headers = this.#keys.headers;
    const response = await send(image, {
      ...limits, headers, durationMax: limits.answerDurationMax, signal: stopper.signal,
      onProgress: (progress) => this.#change(image, { progress }),
      onSent: () => this.#change(image, { state: "asked", progress: 1 }),
    });
    if (stopper.signal.aborted) return;
    if (response.status === 0 && !(await isReadable(image.file))) return this.#fail(image, { code: "unreadable" });
    if (stopper.signal.aborted) return;
    image.sentMs = response.sentMs;
    image.elapsedMs = response.status === 200 ? response.elapsedMs : null;
    this.#settle(image, verdict(response, Date.now()), headers, () => this.#repeat(image, performance.now()));
  }

  async #poll(image) {
    const { stopper } = image;
    const headers = this.#keys.headers;
    const begin = performance.now();
    const response = await ask(image.location, { ...limits, headers, signal: stopper.signal });
    if (stopper.signal.aborted) return;
    const now = performance.now();
    if (response.status === 202 && now > image.deadline) return this.#fail(image, { code: "answer-late" });
    const found = verdict(response, Date.now());
    if (found.kind === "pending") {
      // An answer that came at once came from a service that had no room for another who waits.
      const pause = now - begin < 1000 ? Math.max(found.pause, limits.pollPause) : limits.pollPause;
      this.#schedule.postpone(image, now + pause);
      return this.#pump();
    }
    // A place that holds no answer will not: the image has to be sent again.
    if (found.kind === "failed" && response.status === 404) image.location = null;
    this.#settle(image, found, headers, () => this.#schedule.postpone(image, now));
  }

  // `again` puts the image back as it was.
  #settle(image, found, headers, again) {
    const now = performance.now();
    switch (found.kind) {
      case "done":
        this.#schedule.end(image);
        this.#schedule.succeeded();
        this.#change(image, {
          state: "done", answer: found.answer, times: timesOf({ ...image, timings: found.answer.timings }), problem: null,
          retryAt: null,
        });
        break;
      case "pending":
        this.#schedule.succeeded();
        image.location = found.location;
        this.#wait(image, now);
        break;
      case "key":
        again();
        // It may have been sent before another key was entered.
        if (headers["X-API-Key"] !== this.#keys.headers["X-API-Key"] || this.isHeld) break;
        this.hold();
        this.#onKeyNeeded(found.problem);
        break;
      case "later":
        this.#later(image, found, now);
        break;
      default:
        return this.#fail(image, found.problem);
    }
    this.#pump();
  }

  #wait(image, now) {
    image.deadline = now + limits.answerDurationMax;
    this.#change(image, { state: "pending", progress: 1, problem: null, retryAt: null });
    this.#schedule.postpone(image, now);
  }

  #later(image, { isFull, pause, problem }, now) {
    image.attempts += 1;
    if (image.attempts >= limits.attemptsMax) return this.#fail(image, problem);
    const own = backoff(image.attempts, { pause: limits.retryPause, pauseMax: limits.retryPauseMax }, Math.random);
    // Everybody who was refused has the same Retry-After: not all at once.
    const asked = pause === null ? 0 : Math.min(pause, limits.retryAfterMax) + Math.random() * limits.retryPause;
    const at = now + (pause === null ? own : asked);
    image.problem = told(problem);
    // Before the image goes back, so that it does not jump the pause.
    if (isFull) this.#schedule.slowDown(now, at);
    if (image.location) {
      this.#schedule.postpone(image, at);
      this.#change(image, { retryAt: at });
    } else {
      this.#repeat(image, at);
    }
  }

  #repeat(image, at) {
    this.#schedule.retry(image, at);
    this.#change(image, { state: "waiting", progress: 0, retryAt: image.problem ? at : null });
  }

  #fail(image, problem) {
    this.#schedule.end(image);
    this.#change(image, { state: "failed", problem: told(problem), retryAt: null });
    this.#pump();
  }

  #change(image, changes) {
    // What was cancelled may still report.
    if (image.state === "cancelled" && changes.state === undefined) return;
    Object.assign(image, changes);
    this.#onChange(image);
  }
}

const told = (problem) => ({ code: problem.code, sentence: sentence(problem) });

// What is wrong with a file, seen without sending it: a code, or null.
async function flawOf(file) {
  try {
    if (file.size === 0) return "empty-file";
    return (await hasImageSignature(file)) ? null : "not-an-image";
  } catch {
    return "unreadable";
  }
}

async function isReadable(file) {
  try {
    await file.slice(-1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
