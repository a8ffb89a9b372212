// What is where on the page, and what belongs together.

import { admit, refusalWords } from "./accept.js";
import { Cards } from "./cards.js";
import { dropped, walk } from "./folders.js";
import { KeyDialog } from "./keydialog.js";
import { KeyStore } from "./keys.js";
import { limits } from "./limits.js";
import { LiveLine } from "./live.js";
import { Overview } from "./overview.js";
import { Recognition } from "./recognition.js";
import { csv, json } from "./table.js";
import { Tally, totals } from "./tally.js";
import { Thumbnails } from "./thumbnails.js";

const byId = (id) => document.getElementById(id);
const page = {
  overview: byId("overview"), count: byId("count"), figures: byId("figures"), progress: byId("progress"),
  cancel: byId("cancel"), retryFailed: byId("retry-failed"), csv: byId("csv"), json: byId("json"), clear: byId("clear"),
  announcer: byId("announcer"), notice: byId("notice"), keyBar: byId("key-bar"), keyForget: byId("key-forget"),
  keyState: byId("key-state"),
};

const keys = new KeyStore(() => sessionStorage, () => localStorage);
const tally = new Tally(limits.rateWindow);
const overview = new Overview(page, tally);
const cards = new Cards({
  list: byId("images"), template: byId("card"), thumbnails: new Thumbnails(),
  onRetry: (image, card) => {
    recognition.retry([image]);
    paint();
    // The button that was pressed is gone.
    card.focus();
  },
});
const recognition = new Recognition({ keys, onChange: changed, onKeyNeeded: (problem) => askForKey(problem.code) });
const live = new LiveLine(byId("live"), { keys, onKeyNeeded: () => (page.keyBar.hidden = false) });
const keyDialog = new KeyDialog(byId("key-dialog"));

// --- Painting, once a frame. A hidden page has no frames; its title still tells how far it is. ---

const changedImages = new Set();
let isPaintDue = false;
// So that the rate falls when nothing comes.
let nextPaint;

function changed(image) {
  // Nothing changes any more once it is done.
  if (image.state === "done") tally.answered(performance.now());
  changedImages.add(image);
  paintSoon();
}

function paintSoon() {
  if (isPaintDue) return;
  isPaintDue = true;
  if (document.hidden) setTimeout(paint, 1000);
  else requestAnimationFrame(paint);
}

function paint() {
  isPaintDue = false;
  clearTimeout(nextPaint);
  for (const image of changedImages) cards.paint(image);
  changedImages.clear();
  overview.paint(recognition.images, recognition);
  if (document.body.dataset.stage === "busy") nextPaint = setTimeout(paintSoon, 1000);
}

// --- Images in. ---

function take(files, wasCut = false) {
  const { all, bytesWaiting } = totals(recognition.images);
  const admitted = admit(files, { count: all, bytesWaiting }, limits);
  say(refusalWords(admitted, limits, wasCut));
  if (admitted.taken.length === 0) return;
  cards.add(recognition.add(admitted.taken));
  paint();
}

function say(words) {
  page.notice.hidden = words === "";
  page.notice.firstElementChild.textContent = words;
}

for (const [button, input] of [["choose", "files"], ["choose-folder", "folder"], ["take-photo", "camera"]]) {
  byId(button).addEventListener("click", () => byId(input).click());
  byId(input).addEventListener("change", ({ target }) => {
    take([...target.files]);
    // So that the same file can be chosen again.
    target.value = "";
  });
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

// Enter and leave come for every element on the way; over comes all the time while something is held above the page.
let dragTimer;
document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  document.body.dataset.drag = "";
  clearTimeout(dragTimer);
  dragTimer = setTimeout(() => delete document.body.dataset.drag, 300);
});

document.addEventListener("drop", async (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  delete document.body.dataset.drag;
  const { files, wasCut } = await walk(dropped(event.dataTransfer), limits);
  take(files, wasCut);
});

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length === 0) return;
  event.preventDefault();
  take(files);
});

// --- Buttons of the summary. ---

page.cancel.addEventListener("click", () => {
  recognition.cancel();
  paint();
  page.overview.focus();
});
page.retryFailed.addEventListener("click", () => {
  recognition.retry(recognition.images);
  paint();
  page.overview.focus();
});
page.clear.addEventListener("click", () => {
  cards.remove(recognition.clear());
  say("");
  paint();
  byId("choose").focus();
});
page.csv.addEventListener("click", () => save("saccade.csv", "text/csv;charset=utf-8", csv(recognition.images)));
page.json.addEventListener("click", () => save("saccade.json", "application/json", json(recognition.images)));
byId("notice-close").addEventListener("click", () => say(""));

function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

window.addEventListener("beforeunload", (event) => {
  if (document.body.dataset.stage === "busy") event.preventDefault();
});

// --- The key. ---

async function askForKey(code) {
  if (code === "key-unknown") keys.forget();
  showKeyState();
  paintSoon();
  const problem = code === "key-unknown" ? "The service does not know this key." : "";
  const given = await keyDialog.ask({ problem });
  page.keyBar.hidden = given !== null;
  if (!given) return;
  keys.remember(given.key, given);
  showKeyState();
  live.start();
  recognition.resume();
  paintSoon();
}

function showKeyState() {
  page.keyState.hidden = !keys.current;
}

byId("key-enter").addEventListener("click", () => askForKey());
page.keyForget.addEventListener("click", () => {
  keys.forget();
  showKeyState();
  say("The API key is forgotten.");
  live.start();
  byId("choose").focus();
});

byId("address").textContent = new URL("/", document.baseURI);
showKeyState();
live.start();
