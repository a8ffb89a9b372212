// The images as a person sees them: one card each, painted at most once a frame.

import { isRepeatable } from "./problems.js";
import { stages } from "./times.js";
import { milliseconds, percent } from "./words.js";

export class Cards {
  #list;
  #template;
  #thumbnails;
  #onRetry;
  #cards = new Map();

  constructor({ list, template, thumbnails, onRetry }) {
    this.#list = list;
    this.#template = template;
    this.#thumbnails = thumbnails;
    this.#onRetry = onRetry;
  }

  // The newest come first, those that came together in their order.
  add(images) {
    const fragment = document.createDocumentFragment();
    for (const image of images) {
      const card = this.#template.content.firstElementChild.cloneNode(true);
      const file = card.querySelector(".file");
      file.textContent = image.path;
      file.title = image.path;
      card.querySelector("progress").setAttribute("aria-label", `Upload of ${image.name}`);
      card.querySelector(".kind").textContent = kind(image);
      fragment.append(card);
      this.#cards.set(image, card);
      this.#thumbnails.request(card.querySelector(".picture"), image.file);
      this.paint(image);
    }
    this.#list.prepend(fragment);
  }

  remove(images) {
    for (const image of images) {
      const card = this.#cards.get(image);
      if (!card) continue;
      this.#thumbnails.forget(card.querySelector(".picture"));
      card.remove();
      this.#cards.delete(image);
    }
  }

  paint(image) {
    const card = this.#cards.get(image);
    if (!card) return;
    const former = card.dataset.state;
    card.dataset.state = image.state;
    card.querySelector(".label").textContent = heading(image);
    card.querySelector("progress").value = image.progress * 100;
    card.querySelector(".note").textContent = note(image);
    if (former === image.state) return;
    if (image.state === "done") this.#paintAnswer(card, image);
    this.#paintButton(card, image);
  }

  #paintAnswer(card, { answer, times }) {
    const top = (Array.isArray(answer.top) ? answer.top : []).slice(0, 5);
    card.querySelector(".top").replaceChildren(...top.map(bar));
    const known = stages.filter((name) => Number.isFinite(times[name]));
    const whole = known.reduce((sum, name) => sum + times[name], 0);
    const strip = card.querySelector(".strip");
    let end = 0;
    for (const name of known) {
      end += whole > 0 ? (times[name] / whole) * 100 : 0;
      strip.style.setProperty(`--to-${name}`, `${end.toFixed(2)}%`);
    }
    const words = known.map((name) => element("span", name, `${name} ${milliseconds(times[name])}`));
    if (Number.isFinite(times.total)) words.push(element("span", "total", `worker ${milliseconds(times.total)} in all`));
    card.querySelector(".times").replaceChildren(...words.flatMap((word) => [word, " "]));
  }

  #paintButton(card, image) {
    card.querySelector("button")?.remove();
    if (!isRepeatable(image)) return;
    const button = element("button", "quiet", "Try again");
    button.type = "button";
    button.setAttribute("aria-label", `Try ${image.name} again`);
    button.addEventListener("click", () => this.#onRetry(image, card));
    card.querySelector(".body").append(button);
  }
}

function heading({ state, answer, retryAt }) {
  switch (state) {
    case "waiting":
      return retryAt === null ? "Waiting" : "Waiting to try again";
    case "uploading":
      return "Uploading";
    case "asked":
    case "pending":
      return "Recognising";
    case "done":
      return answer.label;
    case "failed":
      return "Not recognised";
    default:
      return "Cancelled";
  }
}

function note({ state, problem, progress }) {
  if (state === "uploading") return `${Math.floor(progress * 100)}%`;
  return state === "done" || state === "cancelled" ? "" : (problem?.sentence ?? "");
}

// A bar of its own background, with its value as text.
function bar({ label, confidence }) {
  const item = element("li");
  item.style.setProperty("--share", `${Math.min(1, Math.max(0, Number(confidence) || 0)) * 100}%`);
  item.append(element("span", "name", String(label)), " ", element("span", "share", percent(confidence)));
  return item;
}

function element(name, className = "", text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

// What stands for a picture that is not there, or not yet.
function kind({ name, file }) {
  const extension = /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1] ?? file.type.split("/").pop();
  return extension.toUpperCase();
}
