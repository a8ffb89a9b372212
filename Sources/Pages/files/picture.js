// One image on the page.

let lastNumber = 0;

// States: "waiting", "uploading", "asked" (sent, its answer is waited for), "pending" (its answer will come late, and is
// asked for), and the last ones: "done", "failed", "cancelled".
export class Picture {
  state = "waiting";
  // Of the upload, from 0 to 1.
  progress = 0;
  attempts = 0;
  // The moment of the next attempt; null when there was no need of one.
  retryAt = null;
  sentMs = null;
  elapsedMs = null;
  // Where a late answer will be.
  location = null;
  // The service's answer.
  answer = null;
  // In milliseconds, by stage.
  times = {};
  // {code, sentence}: of the last attempt.
  problem = null;
  stopper = new AbortController();

  constructor(file) {
    lastNumber += 1;
    this.number = lastNumber;
    this.file = file;
    this.name = file.name || "image";
    this.path = file.webkitRelativePath || this.name;
    this.idempotencyKey = uuid();
  }

  get isOpen() {
    return !["done", "failed", "cancelled"].includes(this.state);
  }
}

// crypto.randomUUID is there on HTTPS and localhost only; this service may be neither.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
