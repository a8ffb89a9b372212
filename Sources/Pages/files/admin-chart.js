// A line chart of some minutes, as SVG made by script: there is no inline style, and nothing is loaded.

import { element } from "./admin-dom.js";

const namespace = "http://www.w3.org/2000/svg";
const [width, height] = [300, 90];

export class Chart {
  #figure;
  #svg;
  #now;
  #top;
  #format;
  #title;

  //   format(value)  for people
  constructor(title, format) {
    this.#title = title;
    this.#format = format;
    this.#now = element("span");
    this.#top = element("span");
    this.#svg = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img" });
    this.#figure = element("figure", {}, element("figcaption", {}, element("strong", {}, title), this.#now), this.#svg,
      element("div", { class: "scale", "aria-hidden": "true" }, element("span", {}, "10 min ago"), this.#top));
  }

  get element() {
    return this.#figure;
  }

  //   series      each {kind, label, values}: as many values as `slots` at most, the last one now; null where there is none
  //   slots       how many fit
  //   now         what is said beside the title
  draw(series, slots, now) {
    const known = series.flatMap(({ values }) => values).filter((value) => value != null);
    const top = niceCeiling(Math.max(...known, 0));
    const place = (values, index) => (width * (slots - values.length + index + 1)) / slots;
    const level = (value) => height - 2 - (value / top) * (height - 6);
    const lines = [svg("path", { class: "grid", d: `M0 ${level(0)}H${width}M0 ${level(top)}H${width}` })];
    for (const { kind, values } of series) {
      for (const run of runs(values)) {
        const points = run.map(([index, value]) => `${place(values, index).toFixed(1)} ${level(value).toFixed(1)}`);
        // One alone would be a line without length.
        lines.push(run.length > 1
          ? svg("path", { class: `line ${kind}`, d: `M${points.join("L")}` })
          : svg("path", { class: `dot ${kind}`, d: `M${points[0]}h0.01` }));
      }
    }
    this.#svg.replaceChildren(...lines);
    this.#svg.setAttribute("aria-label", this.#words(series, known));
    this.#now.textContent = now;
    this.#top.textContent = known.length ? `top ${this.#format(top)}` : "nothing yet";
  }

  #words(series, known) {
    if (!known.length) return `${this.#title}: nothing in the last ten minutes`;
    return `${this.#title} in the last ten minutes: ` + series.map(({ label, values }) => {
      const present = values.filter((value) => value != null);
      if (!present.length) return `${label} not known`;
      return `${label} from ${this.#format(Math.min(...present))} to ${this.#format(Math.max(...present))}`;
    }).join(", ");
  }
}

// 1, 2 or 5 times a power of ten, so that the top does not change with every sample.
export function niceCeiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * (1 - 1e-9));
}

// Neighbours that are known, each [index, value].
function runs(values) {
  const found = [];
  let run = null;
  values.forEach((value, index) => {
    if (value == null) {
      run = null;
      return;
    }
    if (!run) found.push((run = []));
    run.push([index, value]);
  });
  return found;
}

function svg(name, attributes) {
  const made = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
