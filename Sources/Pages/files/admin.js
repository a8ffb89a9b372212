// The operators' page: asks for the state of one web process every two seconds and shows it. Where several share a port,
// whichever gets the connection tells the state of each.

import { Chart } from "./admin-chart.js";
import { DeadLetters } from "./admin-dead-letters.js";
import { bytes, duration, element, milliseconds, number, show, table, time } from "./admin-dom.js";
import { Refusal, Service } from "./admin-service.js";

const pollPause = 2000;
const samples = 120;
const byId = (id) => document.getElementById(id);

const service = new Service();
const deadLetters = new DeadLetters(service, refused);
const charts = {
  rates: new Chart("Answers a second", (value) => number(value, value < 10 ? 1 : 0)),
  queue: new Chart("Jobs that wait", number),
  upload: new Chart("Upload", milliseconds),
  queueWait: new Chart("Wait in queue", milliseconds),
  inference: new Chart("Inference", milliseconds),
  answer: new Chart("Request to answer", milliseconds),
};
byId("charts").append(...Object.values(charts).map((chart) => chart.element));

let timer = null;
let isPaused = false;
// The index of the process that is shown; null until one has answered.
let shown = null;

// MARK: Asking

async function poll() {
  clearTimeout(timer);
  const asked = shown;
  try {
    const state = await service.get(asked == null ? "/admin/state" : `/admin/state?process=${asked}`);
    if (isPaused || asked !== shown) return;
    offerProcesses(state.identity);
    display(state);
    say("live", `Process ${state.identity.index + 1}, up for ${duration((new Date(state.at) - new Date(state.identity.startedAt)) / 1000)}`);
  } catch (error) {
    if (isPaused || asked !== shown || refused(error)) return;
    // Fewer were started this time.
    if (error.code === "no-such-process") shown = null;
    say("down", error instanceof Refusal ? error.message : "The service is out of reach; asking again …");
  }
  schedule();
}

function offerProcesses({ index, processes }) {
  shown = index;
  const select = byId("process-index");
  if (select.options.length !== processes) {
    show(select, ...Array.from({ length: processes }, (_, other) => element("option", { value: other }, `${other + 1} of ${processes}`)));
  }
  select.value = index;
  byId("process-choice").hidden = processes === 1;
}

byId("process-index").addEventListener("change", (event) => {
  shown = Number(event.target.value);
  if (!isPaused) poll();
});

function schedule() {
  clearTimeout(timer);
  if (!isPaused && !document.hidden && !byId("key-dialog").open) timer = setTimeout(poll, pollPause);
}

// Told to screen readers only when it changes in kind: the minutes of "up for" are not worth an interruption.
function say(state, words) {
  const status = byId("status");
  status.setAttribute("aria-live", status.dataset.state === state ? "off" : "polite");
  status.dataset.state = state;
  status.textContent = words;
}

function refused(error) {
  if (!(error instanceof Refusal) || !error.asksForKey) return false;
  const why = error.status === 401 ? "This service shows its operations to operators only." : error.message;
  say("down", why);
  byId("key-why").textContent = why;
  byId("key").value = "";
  byId("key-dialog").showModal();
  return true;
}

byId("key-form").addEventListener("submit", () => {
  const key = byId("key").value.trim();
  if (key) service.useKey(key);
});
byId("key-dialog").addEventListener("close", () => {
  byId("key").value = "";
  byId("forget").hidden = !service.hasKey;
  if (service.hasKey) poll();
});
byId("forget").hidden = !service.hasKey;
byId("forget").addEventListener("click", () => {
  service.forgetKey();
  byId("forget").hidden = true;
  poll();
});
byId("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  byId("pause").setAttribute("aria-pressed", String(isPaused));
  if (isPaused) {
    clearTimeout(timer);
    say("paused", "Paused");
  } else {
    poll();
  }
});
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : isPaused || poll()));

// MARK: Showing

function display(state) {
  byId("main").removeAttribute("aria-busy");
  displayTiles(state);
  displayCharts(state);
  displayWorkers(state);
  deadLetters.showDepth(state.deadLetterQueue);
  displayProblems(state);
  displayCalls(state);
  displayProcess(state);
}

function displayTiles(state) {
  const { requestQueue, deadLetterQueue, workers, rates, images, pending, uploads, uploadBytes } = state;
  const dead = deadLetterQueue.depth?.visible;
  const tiles = [
    tile("Queue", requestQueue.depth ? number(requestQueue.depth.visible) : "–",
      requestQueue.depth ? `waiting; ${number(requestQueue.depth.inFlight)} with workers` : requestQueue.failure ?? "asking …",
      { level: requestQueue.failure && "bad" }),
    tile("Workers", workers.ready == null ? number(workers.seen.length) : `${number(workers.busy)} of ${number(workers.ready)}`,
      workers.ready == null ? "have answered lately" : "busy"),
    tile("Answered", `${number(rates?.answered, 1)} /s`, `${number(images.answered)} since the start`),
    tile("Failed", `${number(rates?.failed, 1)} /s`, `${number(images.failed)} since the start`, { level: rates?.failed > 0 && "bad" }),
    tile("Refused", `${number(rates?.refused, 1)} /s`, `${number(images.refused)} since the start`),
    tile("Dead letters", number(dead), dead ? "see below" : "", { level: dead > 0 && "bad" }),
    tile("Answers waited for", number(pending.value), `of ${number(pending.limit)}`, { of: pending }),
    tile("Uploads under way", number(uploads.value), `of ${number(uploads.limit)}`, { of: uploads }),
    tile("Memory of uploads", bytes(uploadBytes.value), `of ${bytes(uploadBytes.limit)}`, { of: uploadBytes }),
  ];
  show(byId("tiles"), ...tiles);
}

function tile(title, value, more, { level, of } = {}) {
  const share = of ? of.value / of.limit : 0;
  return element("div", { "data-level": level || (share > 0.8 ? "high" : null) }, element("dt", {}, title),
    element("dd", { class: "value" }, value), element("dd", { class: "more" }, more),
    of ? element("dd", {}, element("meter", { "aria-label": title, min: 0, max: of.limit, value: of.value, high: 0.8 * of.limit })) : null);
}

function displayCharts({ history, stages, rates, requestQueue }) {
  const values = (read) => history.samples.map(read);
  charts.rates.draw([{ kind: "median", label: "answered", values: values((sample) => sample.rates.answered) }], samples,
    `${number(rates?.answered, 1)} now`);
  charts.queue.draw([{ kind: "median", label: "waiting", values: values((sample) => sample.queue?.visible) }], samples,
    requestQueue.depth ? `${number(requestQueue.depth.visible)} now` : "not known");
  for (const stage of ["upload", "queueWait", "inference", "answer"]) {
    charts[stage].draw([
      { kind: "high", label: "95 %", values: values((sample) => sample[stage]?.p95) },
      { kind: "median", label: "median", values: values((sample) => sample[stage]?.p50) },
    ], samples, stages[stage] ? `mean ${milliseconds(stages[stage].mean)}` : "none yet");
  }
}

function displayWorkers({ workers }) {
  const { fleet, seen } = workers;
  byId("workers-summary").textContent = fleet
    ? `${number(fleet.wanted)} wanted (${number(fleet.minimum)} to ${number(fleet.maximum)}), ${number(fleet.ready)} ready, ${number(fleet.busy)} busy.`
    : "Nobody on this machine supervises workers: those are shown whose answers have come to this process.";
  show(byId("fleet"), ...(fleet ? [table("On this machine", [{ title: "Worker" }, { title: "Stage" },
    { title: "Jobs held", kind: "number" }, { title: "Restarts", kind: "number" }, { title: "Process", kind: "number" }],
  fleet.workers.map((worker) => [worker.name, element("span", { class: `tag ${worker.stage}` }, worker.stage),
    number(worker.held), number(worker.restarts), worker.pid == null ? null : String(worker.pid)]))] : []));
  show(byId("seen"), seen.length === 0 ? element("p", { class: "note" }, "No answer has come in the last five minutes.")
    : table("By their answers to this process, in the last five minutes", [{ title: "Worker" }, { title: "Model" },
      { title: "Answers", kind: "number" }, { title: "Mean inference", kind: "number" }, { title: "Last answer", kind: "number" }],
    seen.map((worker) => [element("code", {}, worker.name), worker.model, number(worker.answers), milliseconds(worker.meanInference),
      `${duration(worker.secondsSinceAnswer)} ago`])));
}

function displayProblems({ recentProblems, problems }) {
  show(byId("recent"), recentProblems.length === 0 ? element("p", { class: "note" }, "None since the start.")
    : table("The last requests that were answered with a problem", [{ title: "Time", kind: "plain" }, { title: "Status" },
      { title: "Code", kind: "plain" }, { title: "Route", kind: "plain" }, { title: "Request" }, { title: "Detail", kind: "break" }],
    recentProblems.map((problem) => [time(problem.at),
      element("span", { class: problem.status >= 500 ? "tag fault" : "tag" }, String(problem.status)), problem.code,
      `${problem.method} ${problem.route}`, element("code", {}, problem.requestID), problem.detail])));
  show(byId("codes"), problems.length === 0 ? element("p", { class: "note" }, "None.")
    : table("Problems by code", [{ title: "Code" }, { title: "Status" }, { title: "Requests", kind: "number" }],
      problems.map((problem) => [problem.code, String(problem.status), number(problem.count)])));
}

function displayCalls({ calls }) {
  const image = calls.dollarsPerImage == null ? "" : `; ${(calls.dollarsPerImage * 1e6).toFixed(2)} $ a million images`;
  byId("calls-summary").textContent = `${calls.dollars.toFixed(6)} $ since the start, by list prices of us-east-1${image}.`;
  show(byId("calls-table"), table("Attempts, retries included", [{ title: "Operation" }, { title: "Service" },
    { title: "Outcome" }, { title: "Calls", kind: "number" }],
  calls.counts.map((call) => [call.operation, call.service, call.outcome, number(call.count)])));
}

function displayProcess({ identity, process }) {
  const rows = {
    "Node": element("code", {}, identity.node), "Of those on its port": `number ${identity.index + 1} of ${identity.processes}; each has counts of its own`,
    "Process": String(identity.pid), "Version": `${identity.version} (${identity.configuration})`, "Started": time(identity.startedAt),
    "Processor time": `${number(process.cpuSeconds, 1)} s`, "Memory": bytes(process.residentBytes),
    "Descriptors": `${number(process.openDescriptors)} of ${number(process.descriptorLimit)}`,
    "Connections": number(process.connections), "Event streams": number(process.eventStreams),
  };
  show(byId("process-list"), ...Object.entries(rows).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

poll();
