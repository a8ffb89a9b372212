// The API key that a person has entered: for as long as the tab lives, or on this device until it is forgotten.

const name = "saccade.api-key";
// What a header may carry of a key; keys of `saccade key` are 72 characters.
const pattern = /^[\x21-\x7e]{1,512}$/;

export class KeyStore {
  #session;
  #device;
  #current;

  // Storage may be denied altogether; the key then lives as long as the page.
  constructor(session, device) {
    this.#session = session;
    this.#device = device;
    this.#current = read(session) ?? read(device);
  }

  get current() {
    return this.#current;
  }

  get headers() {
    return this.#current ? { "X-API-Key": this.#current } : {};
  }

  static isPossible(key) {
    return pattern.test(key);
  }

  remember(key, { onDevice }) {
    this.forget();
    this.#current = key;
    attempt(() => (onDevice ? this.#device() : this.#session()).setItem(name, key));
  }

  forget() {
    this.#current = null;
    attempt(() => this.#session().removeItem(name));
    attempt(() => this.#device().removeItem(name));
  }
}

function read(storage) {
  const key = attempt(() => storage().getItem(name));
  return key && pattern.test(key) ? key : null;
}

// What storage says, or nothing where it is denied.
export function attempt(body) {
  try {
    return body();
  } catch {
    return null;
  }
}
