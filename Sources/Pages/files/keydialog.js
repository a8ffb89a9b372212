// Asks a person for the API key.

import { KeyStore } from "./keys.js";

export class KeyDialog {
  #dialog;
  #field;
  #device;
  #problem;
  #open = null;

  constructor(dialog) {
    this.#dialog = dialog;
    this.#field = dialog.querySelector("#key");
    this.#device = dialog.querySelector("#key-device");
    this.#problem = dialog.querySelector("#key-problem");
    dialog.querySelector("form").addEventListener("submit", (event) => this.#submit(event));
    dialog.querySelector("#key-later").addEventListener("click", () => dialog.close());
  }

  // Resolves to {key, onDevice}, or null when the person does not want to now. One question at a time.
  ask({ problem = "" } = {}) {
    this.#open ??= new Promise((resolve) => {
      this.#field.value = "";
      this.#say(problem);
      this.#dialog.returnValue = "";
      this.#dialog.addEventListener("close", () => {
        this.#open = null;
        const key = this.#dialog.returnValue;
        this.#dialog.returnValue = "";
        this.#field.value = "";
        resolve(key ? { key, onDevice: this.#device.checked } : null);
      }, { once: true });
      this.#dialog.showModal();
      this.#field.focus();
    });
    return this.#open;
  }

  #submit(event) {
    event.preventDefault();
    const key = this.#field.value.trim();
    if (KeyStore.isPossible(key)) return this.#dialog.close(key);
    this.#say(key ? "A key has no spaces and only plain characters." : "Enter the key first.");
    this.#field.focus();
  }

  #say(problem) {
    this.#problem.textContent = problem;
    this.#field.setAttribute("aria-invalid", String(problem !== ""));
  }
}
