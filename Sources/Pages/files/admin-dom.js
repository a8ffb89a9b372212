// Makes elements, and writes numbers for people. Text is only ever set as text.

// element("td", { class: "number", scope: "row" }, "text", child …); what is null is left out.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) made.setAttribute(key, value);
  made.append(...children.filter((child) => child != null));
  return made;
}

// A table with a caption. `columns` are {title, kind}; kinds are classes of their cells. The first column heads its row.
export function table(caption, columns, rows) {
  const head = columns.map(({ title, kind }) => element("th", { scope: "col", class: kind }, title));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((cell, index) => index === 0
    ? element("th", { scope: "row", class: columns[index].kind }, cell ?? "–")
    : element("td", { class: columns[index].kind }, cell ?? "–"))));
  // What scrolls can be reached by the keyboard.
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...body)));
}

// Replaces what an element holds only if it differs, so that a selection, a focus and a scroll place stay.
export function show(parent, ...children) {
  const next = element("div", {}, ...children);
  if (next.innerHTML === parent.innerHTML) return;
  const places = [...parent.querySelectorAll(".scroll")].map((scroll) => scroll.scrollLeft);
  const focused = [...parent.querySelectorAll(".scroll")].indexOf(document.activeElement);
  parent.replaceChildren(...next.childNodes);
  parent.querySelectorAll(".scroll").forEach((scroll, index) => {
    scroll.scrollLeft = places[index] ?? 0;
    if (index === focused) scroll.focus();
  });
}

export function number(value, digits = 0) {
  return value == null ? "–" : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function milliseconds(value) {
  if (value == null) return "–";
  if (value < 10) return `${value.toFixed(1)} ms`;
  return value < 10_000 ? `${number(value)} ms` : `${number(value / 1000, 1)} s`;
}

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  const units = ["KiB", "MiB", "GiB"];
  let unit = -1;
  do { value /= 1024; unit += 1; } while (value >= 1024 && unit < units.length - 1);
  return `${number(value, value < 10 ? 1 : 0)} ${units[unit]}`;
}

// The two largest units.
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const units = [[Math.floor(whole / 86_400), "d"], [Math.floor(whole / 3600) % 24, "h"], [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"]];
  const first = units.findIndex(([count]) => count > 0);
  return units.slice(first < 0 ? 3 : first).slice(0, 2).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

export function time(text) {
  const at = new Date(text);
  return element("time", { datetime: text }, at.toLocaleTimeString("en-GB"));
}
