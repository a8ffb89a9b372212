// The summary over all images: seen always, told to screen readers now and then.

import { limits } from "./limits.js";
import { announcement, totals } from "./tally.js";
import { count, milliseconds, rate } from "./words.js";

export class Overview {
  #page;
  #tally;
  #announcedAt = 0;
  #wasOpen = false;
  // Since there was last something to do, and what came of it.
  #begunAt = 0;
  #doneBefore = 0;
  #outcome = "";

  constructor(page, tally) {
    this.#page = page;
    this.#tally = tally;
  }

  paint(images, { isHeld }) {
    const page = this.#page;
    const sum = totals(images);
    const now = performance.now();
    const hasEnded = this.#follow(sum, now);
    document.body.dataset.stage = sum.all === 0 ? "empty" : sum.open > 0 ? "busy" : "finished";
    document.title = sum.open > 0 ? `${sum.all - sum.open} of ${sum.all} · Saccade` : "Saccade";
    page.overview.hidden = sum.all === 0;
    page.count.textContent = `${sum.done} of ${count(sum.all, "image")} recognised`;
    page.figures.textContent = this.#figures(sum, isHeld, now);
    page.progress.max = Math.max(1, sum.all);
    page.progress.value = sum.all - sum.open;
    page.cancel.hidden = sum.open === 0;
    page.retryFailed.hidden = sum.open > 0 || sum.repeatable === 0;
    page.csv.disabled = page.json.disabled = sum.done + sum.failed === 0;
    page.clear.hidden = sum.open === sum.all;
    this.#announce(sum, hasEnded, now);
  }

  // Whether the last image has just come to its end.
  #follow({ done, open }, now) {
    const isOpen = open > 0;
    if (isOpen && !this.#wasOpen) {
      this.#begunAt = this.#announcedAt = now;
      this.#doneBefore = done;
    }
    const hasEnded = this.#wasOpen && !isOpen;
    if (hasEnded) {
      const duration = now - this.#begunAt;
      const answered = done - this.#doneBefore;
      this.#outcome = answered > 1 ? `in ${milliseconds(duration)}, ${rate((answered / duration) * 1000)} a second` : "";
    }
    this.#wasOpen = isOpen;
    return hasEnded;
  }

  #figures({ failed, cancelled, open }, isHeld, now) {
    const words = [];
    if (failed > 0) words.push(`${failed} failed`);
    if (cancelled > 0) words.push(`${cancelled} cancelled`);
    if (isHeld && open > 0) words.push("waiting for the API key");
    else if (open > 0) words.push(`${open} to go`, `${rate(this.#tally.rate(now))} a second`);
    else if (this.#outcome) words.unshift(this.#outcome);
    return words.join(" · ");
  }

  #announce(sum, hasEnded, now) {
    const isDue = sum.open > 0 && now - this.#announcedAt >= limits.announcementPause;
    if (sum.all === 0 || !(hasEnded || isDue)) return;
    this.#announcedAt = now;
    this.#page.announcer.textContent = announcement(sum);
  }
}
