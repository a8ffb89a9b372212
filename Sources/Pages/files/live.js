// The line that tells what the service is doing, while the page is looked at.

import { followEvents } from "./events.js";
import { liveWords } from "./words.js";

export class LiveLine {
  #line;
  #keys;
  #onKeyNeeded;
  #stopper = null;

  //   onKeyNeeded()  the stream is for those who have a key
  constructor(line, { keys, onKeyNeeded }) {
    this.#line = line;
    this.#keys = keys;
    this.#onKeyNeeded = onKeyNeeded;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#stop() : this.start()));
  }

  // Begins, or begins anew after a key was entered or forgotten.
  start() {
    this.#stop();
    this.#stopper = new AbortController();
    const { signal } = this.#stopper;
    followEvents("/v1/events", {
      headers: () => this.#keys.headers,
      signal,
      onEvent: ({ event, data }) => event === "state" && this.#show(data),
      onStatus: (status) => {
        this.#line.dataset.status = status;
        if (status === "down") this.#line.lastElementChild.textContent = "the service is out of reach";
        if (status === "absent" || status === "key") this.#line.hidden = true;
        if (status === "key") this.#onKeyNeeded();
      },
    });
  }

  #stop() {
    this.#stopper?.abort();
    this.#stopper = null;
  }

  #show(data) {
    let words = "";
    try {
      words = liveWords(JSON.parse(data));
    } catch {
      // Another version's event: nothing is said rather than something wrong.
    }
    this.#line.hidden = words === "";
    this.#line.lastElementChild.textContent = words;
  }
}
