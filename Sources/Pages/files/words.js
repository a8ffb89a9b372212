// Numbers and states as people read them. Pure.

const percentage = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1, minimumFractionDigits: 1 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });

export function percent(share) {
  if (!Number.isFinite(share)) return "–";
  return share > 0 && share < 0.001 ? "<0.1%" : percentage.format(share);
}

export function milliseconds(value) {
  if (!Number.isFinite(value)) return "–";
  if (value >= 1000) return `${oneDigit.format(value / 1000)} s`;
  return `${value < 10 ? oneDigit.format(value) : whole.format(value)} ms`;
}

export function count(number, singular, plural = `${singular}s`) {
  return `${whole.format(number)} ${number === 1 ? singular : plural}`;
}

export function rate(perSecond) {
  return perSecond < 10 ? oneDigit.format(perSecond) : whole.format(perSecond);
}

// What the service is doing: a short text for people, from the data of an event `state`, of which anything may be absent.
export function liveWords(state) {
  const words = [];
  const number = (value) => (Number.isFinite(value) ? value : null);
  const visible = number(state?.queue?.visible);
  if (visible !== null) words.push(visible === 0 ? "queue empty" : `${whole.format(visible)} queued`);
  const workers = state?.workers;
  const present = number(workers?.ready) ?? number(workers?.seen);
  if (present !== null) {
    const busy = number(workers.busy);
    words.push(busy === null ? count(present, "worker") : `${whole.format(busy)} of ${count(present, "worker")} busy`);
  }
  const answered = number(state?.rates?.answered);
  if (answered !== null) words.push(`${rate(answered)} answers/s`);
  return words.join(" · ");
}
