// Which image's turn it is. Pure: no network, no clock of its own; every moment is passed in, in milliseconds.
//
// It promises: never more than `requestsMax` requests at once, of them `pollsMax` questions for late answers; images in
// their order, those tried again before those not tried yet; fewer at once when the service says that it is full, down to
// one, and more again as it takes them; nothing while a key is awaited.

export class Schedule {
  #limits;
  #waiting = [];
  #pending = [];
  #uploads = new Set();
  #polls = new Set();
  #width;
  #successes = 0;
  #pausedUntil = 0;

  isHeld = false;

  constructor(limits) {
    this.#limits = limits;
    this.#width = limits.requestsMax;
  }

  get width() {
    return this.#width;
  }

  add(images) {
    for (const image of images) this.#waiting.push({ image, at: 0 });
  }

  // The next thing to do at once, which then counts as begun: {kind: "upload" or "poll", image}, or null.
  next(now) {
    if (this.isHeld || this.#uploads.size + this.#polls.size >= this.#limits.requestsMax) return null;
    if (this.#polls.size < this.#limits.pollsMax) {
      const image = take(this.#pending, now);
      if (image) return this.#begin("poll", this.#polls, image);
    }
    if (this.#uploads.size < this.#width && this.#pausedUntil <= now) {
      const image = take(this.#waiting, now);
      if (image) return this.#begin("upload", this.#uploads, image);
    }
    return null;
  }

  // When to ask again although nothing ends before; null when something must end first.
  wakeAt(now) {
    if (this.isHeld || this.#uploads.size + this.#polls.size >= this.#limits.requestsMax) return null;
    const moments = [];
    if (this.#polls.size < this.#limits.pollsMax) moments.push(...this.#pending.map((entry) => entry.at));
    if (this.#uploads.size < this.#width) {
      moments.push(...this.#waiting.map((entry) => Math.max(entry.at, this.#pausedUntil)));
    }
    const soonest = moments.reduce((least, moment) => Math.min(least, moment), Infinity);
    return soonest === Infinity ? null : Math.max(soonest, now);
  }

  // Done, or given up.
  end(image) {
    this.#leave(image);
  }

  // The service took it.
  succeeded() {
    this.#successes += 1;
    if (this.#successes < this.#limits.successesToWiden) return;
    this.#successes = 0;
    this.#width = Math.min(this.#width + 1, this.#limits.requestsMax);
  }

  // Its answer will come: to be asked for from `at` on.
  postpone(image, at) {
    this.#leave(image);
    this.#pending.push({ image, at });
  }

  // To be sent again from `at` on; before those that were never sent.
  retry(image, at) {
    this.#leave(image);
    this.#waiting.unshift({ image, at });
  }

  // The service is full: half as many at once, and nothing new before `until`. Those refused together count once.
  slowDown(now, until) {
    if (this.#pausedUntil <= now) this.#width = Math.max(1, Math.floor(this.#width / 2));
    this.#successes = 0;
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  // Takes back everything; those under way are the caller's to stop.
  clear() {
    const images = [...this.#waiting, ...this.#pending].map((entry) => entry.image);
    images.push(...this.#uploads, ...this.#polls);
    this.#waiting = [];
    this.#pending = [];
    this.#uploads.clear();
    this.#polls.clear();
    return images;
  }

  #begin(kind, set, image) {
    set.add(image);
    return { kind, image };
  }

  #leave(image) {
    this.#uploads.delete(image);
    this.#polls.delete(image);
  }
}

function take(entries, now) {
  const index = entries.findIndex((entry) => entry.at <= now);
  return index < 0 ? null : entries.splice(index, 1)[0].image;
}
