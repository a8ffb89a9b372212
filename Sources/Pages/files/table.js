// Results as CSV and JSON. Pure.

import { stages } from "./times.js";

const likeliest = [1, 2, 3, 4, 5];

const columns = [
  ["file", (image) => image.path],
  ["state", (image) => image.state],
  ["label", (image) => image.answer?.label],
  ["confidence", (image) => image.answer?.confidence],
  ...likeliest.flatMap((place) => [
    [`label_${place}`, (image) => image.answer?.top?.[place - 1]?.label],
    [`wnid_${place}`, (image) => image.answer?.top?.[place - 1]?.wnid],
    [`confidence_${place}`, (image) => image.answer?.top?.[place - 1]?.confidence],
  ]),
  ...[...stages, "total"].map((stage) => [`${stage}_ms`, (image) => image.times?.[stage]]),
  ["model", (image) => image.answer?.model],
  ["model_version", (image) => image.answer?.modelVersion],
  ["id", (image) => image.answer?.id],
  ["error_code", (image) => image.problem?.code],
  ["error", (image) => image.problem?.sentence],
];

// RFC 4180. Spreadsheets take a text that begins so for a formula, and file names are strangers' words: an apostrophe
// before it makes them show it. Numbers are our own.
function cell(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Begins with a byte order mark, without which spreadsheets take UTF-8 for something else.
export function csv(images) {
  const lines = [columns.map(([name]) => name), ...images.map((image) => columns.map(([, value]) => cell(value(image))))];
  return "\uFEFF" + lines.map((cells) => cells.join(",") + "\r\n").join("");
}

export function json(images) {
  const results = images.map((image) => ({
    file: image.path,
    state: image.state,
    uploadMs: image.times?.upload ?? null,
    answer: image.answer ?? null,
    error: image.problem ? { code: image.problem.code, message: image.problem.sentence } : null,
  }));
  return JSON.stringify(results, null, 2) + "\n";
}
