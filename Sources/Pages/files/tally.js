// Counts over all images. Pure.

import { isRepeatable } from "./problems.js";

export class Tally {
  #window;
  #moments = [];

  constructor(rateWindow) {
    this.#window = rateWindow;
  }

  // An image was answered at `now`.
  answered(now) {
    this.#moments.push(now);
    this.#forget(now);
  }

  // Images a second over the last seconds; from the first one on while that is less.
  rate(now) {
    this.#forget(now);
    if (this.#moments.length < 2) return 0;
    const span = now - this.#moments[0];
    return span > 0 ? (this.#moments.length / span) * 1000 : 0;
  }

  #forget(now) {
    const first = this.#moments.findIndex((moment) => moment > now - this.#window);
    this.#moments.splice(0, first < 0 ? this.#moments.length : first);
  }
}

// How many images are in which state; `repeatable` of those that failed or were cancelled may fare better another time.
export function totals(images) {
  const totals = { all: 0, done: 0, failed: 0, cancelled: 0, repeatable: 0, open: 0, bytesWaiting: 0 };
  for (const { state, file, problem } of images) {
    totals.all += 1;
    if (isRepeatable({ state, problem })) totals.repeatable += 1;
    if (state === "done" || state === "failed" || state === "cancelled") {
      totals[state] += 1;
    } else {
      totals.open += 1;
      totals.bytesWaiting += file.size;
    }
  }
  return totals;
}

// The one sentence that screen readers hear now and then.
export function announcement({ all, done, failed, cancelled, open }) {
  const words = [`${done} of ${all} ${all === 1 ? "image" : "images"} recognised`];
  if (failed > 0) words.push(`${failed} failed`);
  if (cancelled > 0) words.push(`${cancelled} cancelled`);
  return `${words.join(", ")}${open === 0 ? ". Finished." : "."}`;
}
