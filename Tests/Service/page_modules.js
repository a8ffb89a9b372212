// Tests of the page's modules that need no page: {name: function}, each throwing when it fails. page_modules_test.py runs
// them in Chromium.

import { admit, beginsLikeImage, mayBeImage, refusalWords } from "/files/accept.js";
import { backoff, retryAfter } from "/files/backoff.js";
import { EventParser, followEvents } from "/files/events.js";
import { KeyStore } from "/files/keys.js";
import { limits } from "/files/limits.js";
import { isRepeatable, readProblem, sentence } from "/files/problems.js";
import { Schedule } from "/files/schedule.js";
import { csv, json } from "/files/table.js";
import { announcement, Tally, totals } from "/files/tally.js";
import { timesOf } from "/files/times.js";
import { verdict } from "/files/verdict.js";
import { liveWords, milliseconds, percent } from "/files/words.js";

function equal(found, expected) {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`found ${one}, not ${other}`);
}

const response = (status, body, headers = {}) => ({
  status, text: typeof body === "string" ? body : JSON.stringify(body), header: (name) => headers[name] ?? null,
});

// Everything that can begin at once, in its order.
function begun(schedule, now) {
  const steps = [];
  for (let step; (step = schedule.next(now)); ) steps.push(`${step.kind} ${step.image}`);
  return steps;
}

const few = { requestsMax: 5, pollsMax: 2, successesToWiden: 4 };

export const tests = {
  "uploads begin in their order, never more than there are connections"() {
    const schedule = new Schedule(few);
    schedule.add([1, 2, 3, 4, 5, 6, 7]);
    equal(begun(schedule, 0), ["upload 1", "upload 2", "upload 3", "upload 4", "upload 5"]);
    equal(schedule.wakeAt(0), null);
    schedule.end(3);
    equal(begun(schedule, 0), ["upload 6"]);
  },

  "late answers are asked for before new uploads, two at once"() {
    const schedule = new Schedule(few);
    schedule.add([1, 2, 3, 4, 5, 6, 7]);
    begun(schedule, 0);
    for (const image of [1, 2, 3]) schedule.postpone(image, 10);
    equal(begun(schedule, 0), ["upload 6", "upload 7"]);
    equal(schedule.wakeAt(0), 10);
    schedule.end(4);
    schedule.end(5);
    equal(begun(schedule, 10), ["poll 1", "poll 2"]);
    equal(schedule.wakeAt(10), null);
  },

  "what is tried again goes before what was never tried, and not before its time"() {
    const schedule = new Schedule({ ...few, requestsMax: 1 });
    schedule.add([1, 2, 3]);
    begun(schedule, 0);
    schedule.retry(1, 100);
    equal(begun(schedule, 50), ["upload 2"]);
    schedule.end(2);
    equal(begun(schedule, 100), ["upload 1"]);
  },

  "a full service halves what is sent at once, and waves refused together count once"() {
    const schedule = new Schedule(few);
    schedule.add([1, 2, 3, 4, 5, 6]);
    begun(schedule, 0);
    for (const image of [1, 2, 3, 4]) {
      schedule.slowDown(1, 2000);
      schedule.retry(image, 2000);
    }
    schedule.end(5);
    equal(schedule.width, 2);
    equal(begun(schedule, 1999), []);
    equal(schedule.wakeAt(1), 2000);
    equal(begun(schedule, 2000).length, 2);
    for (let wave = 1; wave < 5; wave += 1) schedule.slowDown(2000 * wave + 1, 2000 * wave + 2000);
    equal(schedule.width, 1);
    for (let image = 0; image < 16; image += 1) schedule.succeeded();
    equal(schedule.width, 5);
  },

  "nothing begins while a key is awaited"() {
    const schedule = new Schedule(few);
    schedule.add([1]);
    schedule.isHeld = true;
    equal([begun(schedule, 0), schedule.wakeAt(0)], [[], null]);
    schedule.isHeld = false;
    equal(begun(schedule, 0), ["upload 1"]);
  },

  "clearing gives back all, wherever it is"() {
    const schedule = new Schedule({ ...few, requestsMax: 3 });
    schedule.add([1, 2, 3, 4]);
    begun(schedule, 0);
    schedule.postpone(1, 10);
    equal(schedule.clear().sort(), [1, 2, 3, 4]);
    equal([begun(schedule, 20), schedule.wakeAt(20)], [[], null]);
  },

  "pauses double up to their bound and are spread over their second half"() {
    const bounds = { pause: 500, pauseMax: 30_000 };
    equal([1, 2, 3, 7, 100].map((attempt) => backoff(attempt, bounds, () => 0)), [250, 500, 1000, 15_000, 15_000]);
    equal([1, 2, 3, 7, 100].map((attempt) => backoff(attempt, bounds, () => 1)), [500, 1000, 2000, 30_000, 30_000]);
  },

  "Retry-After is seconds or a date, or nothing"() {
    const now = Date.parse("Wed, 21 Oct 2015 07:28:00 GMT");
    const texts = ["2", " 120 ", "Wed, 21 Oct 2015 07:28:05 GMT", "Wed, 21 Oct 2015 07:27:00 GMT", "soon", "", null];
    equal(texts.map((text) => retryAfter(text, now)), [2000, 120_000, 5000, 0, null, null, null]);
  },

  "an answer's status tells what becomes of its image"() {
    const problem = { code: "x", detail: "y" };
    const kinds = (statuses) => statuses.map((status) => verdict(response(status, problem), 0).kind);
    equal(kinds([0, 408, 409, 429, 502, 503, 504]), Array(7).fill("later"));
    equal(kinds([400, 403, 404, 413, 415, 422, 500]), Array(7).fill("failed"));
    equal(verdict(response(401, problem), 0).kind, "key");
    equal(verdict(response(403, { code: "key-unknown" }), 0).kind, "key");
    equal(verdict(response(503, problem, { "Retry-After": "2" }), 0),
      { kind: "later", isFull: true, pause: 2000, problem: { status: 503, code: "x", detail: "y" } });
    equal(verdict(response(502, problem, {}), 0).isFull, false);
    equal(verdict(response(200, { label: "tench" }), 0), { kind: "done", answer: { label: "tench" } });
    equal(verdict(response(200, "<html>"), 0).problem.code, "unintelligible");
    equal(verdict(response(202, "", { Location: "/v1/results/1", "Retry-After": "2" }), 0),
      { kind: "pending", location: "/v1/results/1", pause: 2000 });
    equal(verdict(response(202, { location: "/v1/results/2" }), 0).location, "/v1/results/2");
  },

  "a problem without a known code is told in the service's words, else by its status"() {
    equal(sentence(readProblem(418, JSON.stringify({ code: "teapot", detail: "Short and stout." }))), "Short and stout.");
    equal(sentence(readProblem(502, "<html>Bad gateway</html>")), "The service answered with an error (502).");
    equal(sentence(readProblem(400, '{"code":"toString"}')), "The service answered with an error (400).");
    equal(readProblem(400, JSON.stringify({ detail: "x".repeat(5000) })).detail.length, 300);
  },

  "what is wrong with an image itself is not tried again"() {
    const failed = (code) => isRepeatable({ state: "failed", problem: { code } });
    equal(["undecodable-image", "not-an-image", "too-many-uploads", "unreachable"].map(failed), [false, false, true, true]);
    equal(["cancelled", "done", "pending"].map((state) => isRepeatable({ state, problem: null })), [true, false, false]);
  },

  "files are let in by their type, else by their name"() {
    const file = (name, type) => mayBeImage({ name, type });
    equal([file("a", "image/jpeg"), file("a.HEIC", ""), file("a.svg", "image/svg+xml"), file("a.txt", "text/plain"),
      file("a.jpg", "text/plain"), file("jpg", ""), file("a", "")], [true, true, false, false, false, true, false]);
  },

  "images are known by their first bytes"() {
    const bytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const images = ["\xff\xd8\xff\xe0", "\x89PNG\r\n\x1a\n", "GIF89a", "II*\0", "MM\0*", "II+\0", "RIFF\n\r\n\0WEBP",
      "\0\0\0\x1cftypavif", "\0\0\0\x1cftypheic"];
    equal(images.map((text) => beginsLikeImage(bytes(text))), images.map(() => true));
    const others = ["", "\xff\xd8", "GIF88a", "RIFF....WAVE", "\0\0\0\x1cftypmp42", "<svg>", "%PDF"];
    equal(others.map((text) => beginsLikeImage(bytes(text))), others.map(() => false));
  },

  "there is room for so many images and so many bytes"() {
    const bounds = { ...limits, imagesMax: 3, bytesWaitingMax: 10 };
    const file = (name, size) => ({ name, type: "image/png", size });
    const first = admit([file("a", 4), file("b", 8), file("c", 6), file("d", 1)], { count: 1, bytesWaiting: 0 }, bounds);
    equal([first.taken.map((file) => file.name), first.tooMany], [["a", "c"], 2]);
    const words = refusalWords({ taken: [1], strangers: ["a.txt", "b.txt", "c.txt", "d.txt"], tooMany: 1 }, limits, true);
    for (const part of ["“a.txt”, “b.txt”, “c.txt” and 1 more are not images", "1 image was left out", "20,000 files"]) {
      if (!words.includes(part)) throw new Error(`“${part}” is not in: ${words}`);
    }
    equal(refusalWords({ taken: [1], strangers: [], tooMany: 0 }, limits), "");
    equal(refusalWords({ taken: [], strangers: ["x", "y"], tooMany: 0 }, limits),
      "“x” and “y” are not images and were left out.");
  },

  "events are found however the stream is cut"() {
    const stream = "\uFEFF: hello\n\nevent: state\ndata: {\"a\":1}\n\r\ndata: one\rdata:two\r\r\nid: 7\nevent: empty\n\ndata\n\n: tail\n";
    const expected = [{ event: "state", data: '{"a":1}' }, { event: "message", data: "one\ntwo" }, { event: "message", data: "" }];
    for (let size = 1; size <= stream.length; size += 1) {
      const parser = new EventParser();
      const events = [];
      for (let start = 0; start < stream.length; start += size) events.push(...parser.push(stream.slice(start, start + size)));
      equal(events, expected);
    }
  },

  "an event without an end is not gathered for ever"() {
    for (const text of ["x".repeat(1024), `data: ${"x".repeat(1024)}\n`]) {
      const parser = new EventParser();
      let isRefused = false;
      for (let turn = 0; turn < 2 * (limits.eventLengthMax / 1024) && !isRefused; turn += 1) {
        try {
          parser.push(text);
        } catch (error) {
          isRefused = error instanceof RangeError;
        }
      }
      equal(isRefused, true);
    }
  },

  async "a stream is asked for again when it ends, until nobody wants it"() {
    const stopper = new AbortController();
    const heard = [];
    await followEvents("/stream", {
      headers: () => ({ "X-API-Key": "saccade_1" }),
      signal: stopper.signal,
      onStatus: (status) => heard.push(status),
      onEvent: ({ event }) => {
        heard.push(event);
        if (heard.filter((word) => word === "state").length === 2) stopper.abort();
      },
    });
    equal(heard, ["open", "state", "down", "open", "state"]);
  },

  async "a stream that is not there, or needs a key, is not asked for again"() {
    const { signal } = new AbortController();
    const heard = [];
    const options = { signal, onEvent: () => heard.push("event"), onStatus: (status) => heard.push(status) };
    await followEvents("/files/none", options);
    await followEvents("/files/limits.js", options);
    await followEvents("/stream", options);
    equal(heard, ["absent", "absent", "key"]);
  },

  "the live line tells what is known, and nothing else"() {
    equal(liveWords({ queue: { visible: 12, inFlight: 3 }, workers: { ready: 4, busy: 2 }, rates: { answered: 41.24 } }),
      "12 queued · 2 of 4 workers busy · 41 answers/s");
    equal(liveWords({ queue: { visible: 0 }, workers: { seen: 1 }, rates: { answered: 0 } }),
      "queue empty · 1 worker · 0.0 answers/s");
    equal([liveWords({}), liveWords(null), liveWords({ queue: null, workers: null, rates: { answered: null } })], ["", "", ""]);
  },

  "numbers are written for people"() {
    equal([percent(0.9504), percent(0.0004), percent(0), percent(undefined)], ["95.0%", "<0.1%", "0.0%", "–"]);
    equal([milliseconds(3.94), milliseconds(127.4), milliseconds(6548), milliseconds(NaN)], ["3.9 ms", "127 ms", "6.5 s", "–"]);
  },

  "a table is RFC 4180's, and none of its texts is a formula"() {
    const names = ['a,"b".png', "two\r\nlines.png", "=1+1.png", "+1.png", "-1.png", "@x.png", "\t=1.png", "＝1.png", "plain.png"];
    const images = names.map((path) => ({ path, state: "done", times: { upload: 1.5 }, answer: { label: "cat", confidence: 1e-7 } }));
    const lines = csv(images);
    equal(lines.startsWith("\uFEFFfile,state,label,confidence,label_1,"), true);
    for (const cell of ['"a,""b"".png",', '"two\r\nlines.png",', "'=1+1.png,", "'+1.png,", "'-1.png,", "'@x.png,", "'\t=1.png,", "'＝1.png,",
      "\r\nplain.png,done,cat,1e-7,,"]) {
      if (!lines.includes(cell)) throw new Error(`${JSON.stringify(cell)} is not in ${JSON.stringify(lines)}`);
    }
    equal(lines.endsWith("\r\n"), true);
    equal(JSON.parse(json([{ path: "a", state: "failed", problem: { code: "x", sentence: "No." } }])),
      [{ file: "a", state: "failed", uploadMs: null, answer: null, error: { code: "x", message: "No." } }]);
  },

  "the time before the worker is upload and queue, each told once"() {
    const timings = { queue: 20, fetch: 1, total: 30 };
    const told = (sentMs, elapsedMs) => timesOf({ timings, sentMs, elapsedMs });
    equal(told(99, 100), { queue: 20, fetch: 1, total: 30, upload: 50 });
    equal(told(60, 100), { queue: 20, fetch: 1, total: 30, upload: 50 });
    equal(told(40, 100), { queue: 20, fetch: 1, total: 30, upload: 40 });
    // A large image: the service's queue holds its upload.
    equal(timesOf({ timings: { queue: 3010, total: 30 }, sentMs: 3000, elapsedMs: 3050 }),
      { queue: 120, total: 30, upload: 2900 });
    equal(told(20, 20), { queue: 0, fetch: 1, total: 30, upload: 0 });
    equal(told(400, null), { queue: 20, fetch: 1, total: 30, upload: 400 });
    equal(timesOf({ sentMs: 5, elapsedMs: 9 }), { upload: 5 });
  },

  "the rate is that of the last seconds"() {
    const tally = new Tally(5000);
    for (let moment = 0; moment < 10_000; moment += 100) tally.answered(moment);
    equal(Math.round(tally.rate(10_000)), 10);
    equal(tally.rate(20_000), 0);
  },

  "what is open, done and failed adds up"() {
    const image = (state, size, code) => ({ state, file: { size }, problem: code ? { code } : null });
    const sum = totals([image("done", 1), image("failed", 2, "unreachable"), image("failed", 2, "not-an-image"),
      image("cancelled", 4), image("waiting", 8), image("uploading", 16), image("pending", 32)]);
    equal(sum, { all: 7, done: 1, failed: 2, cancelled: 1, repeatable: 2, open: 3, bytesWaiting: 56 });
    equal(announcement(sum), "1 of 7 images recognised, 2 failed, 1 cancelled.");
    equal(announcement(totals([image("done", 1)])), "1 of 1 image recognised. Finished.");
  },

  "a key is kept where the person wants it, or nowhere when storage is denied"() {
    const storage = () => {
      const items = new Map();
      return { items, getItem: (name) => items.get(name) ?? null, setItem: (name, value) => items.set(name, value),
        removeItem: (name) => items.delete(name) };
    };
    const [session, device] = [storage(), storage()];
    const store = new KeyStore(() => session, () => device);
    store.remember("saccade_1", { onDevice: true });
    equal([store.headers, session.items.size, device.items.size], [{ "X-API-Key": "saccade_1" }, 0, 1]);
    equal(new KeyStore(() => session, () => device).current, "saccade_1");
    store.forget();
    equal([store.headers, device.items.size], [{}, 0]);
    const denied = () => { throw new DOMException("denied", "SecurityError"); };
    const page = new KeyStore(denied, denied);
    page.remember("saccade_2", { onDevice: false });
    equal(page.current, "saccade_2");
    equal(["saccade_1", "two words", "", "é", "x".repeat(513)].map(KeyStore.isPossible), [true, false, false, false, false]);
  },
};

// For the test that holds the documents against it.
export const codeSentence = (code) => sentence({ code });
