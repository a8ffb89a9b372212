// What the page asks the service for, with the key that it has.

import { attempt } from "./keys.js";

// The page at / keeps the key that it was given under the second name: it may be an operator's, too.
const names = ["saccade.admin-key", "saccade.api-key"];

export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `The service answers ${status}.`);
    this.status = status;
    this.code = problem.code;
  }

  // Whether another key may help.
  get asksForKey() {
    return this.status === 401 || this.code === "key-unknown" || this.code === "admin-key-needed";
  }
}

export class Service {
  #key = stored();

  get hasKey() {
    return this.#key != null;
  }

  useKey(key) {
    this.#key = key;
    attempt(() => sessionStorage.setItem(names[0], key));
  }

  forgetKey() {
    this.#key = null;
    attempt(() => sessionStorage.removeItem(names[0]));
  }

  // The document at a path. Throws a Refusal, or what fetch throws.
  get(path) {
    return this.#send(path, {});
  }

  post(path) {
    return this.#send(path, { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } });
  }

  async #send(path, { headers = {}, ...options }) {
    const key = this.#key ? { "X-API-Key": this.#key } : {};
    const response = await fetch(path, {
      ...options, headers: { ...headers, ...key }, cache: "no-store", signal: AbortSignal.timeout(10_000),
    });
    const document = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refusal(response.status, document);
    return document;
  }
}

function stored() {
  for (const name of names) {
    const key = attempt(() => sessionStorage.getItem(name) ?? localStorage.getItem(name));
    if (key && /^[\x21-\x7e]+$/.test(key)) return key;
  }
  return null;
}
