// Dead letters: what they are, and sending them again.

import { duration, element, number, show, table, time } from "./admin-dom.js";

const progressPause = 1000;

export class DeadLetters {
  #service;
  #status = document.getElementById("dead-status");
  #list = document.getElementById("dead-list");
  #look = document.getElementById("dead-look");
  #redrive = document.getElementById("dead-redrive");
  #onRefusal;

  //   onRefusal(refusal)  told of every one; the answer is whether it has been seen to
  constructor(service, onRefusal) {
    this.#service = service;
    this.#onRefusal = onRefusal;
    const dialog = document.getElementById("redrive-dialog");
    this.#look.addEventListener("click", () => this.#do(() => this.#lookAtThem()));
    this.#redrive.addEventListener("click", () => {
      dialog.returnValue = "";
      dialog.showModal();
    });
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "redrive") this.#do(() => this.#sendAgain());
    });
  }

  showDepth({ depth, failure }) {
    const summary = document.getElementById("dead-summary");
    const words = depth
      ? `${number(depth.visible)} in the dead-letter queue` + (depth.inFlight ? `, ${number(depth.inFlight)} of them being looked at` : "")
      : failure ? `The queue cannot be asked: ${failure}` : "Asking the queue …";
    if (summary.textContent !== words) summary.textContent = words;
  }

  async #do(body) {
    this.#look.disabled = this.#redrive.disabled = true;
    try {
      await body();
    } catch (error) {
      if (!this.#onRefusal(error)) this.#status.textContent = error.message;
    } finally {
      this.#look.disabled = this.#redrive.disabled = false;
    }
  }

  async #lookAtThem() {
    this.#status.textContent = "Looking …";
    const { messages, listedCountMax } = await this.#service.get("/admin/dead-letters");
    this.#status.textContent = messages.length === 0 ? "None is to be seen."
      : messages.length < listedCountMax ? `These are ${messages.length}.` : `These are ${messages.length}; there may be more.`;
    this.#show(messages);
  }

  #show(messages) {
    if (messages.length === 0) return show(this.#list);
    const columns = [{ title: "Job or message", kind: "break" }, { title: "Image" }, { title: "Why", kind: "break" },
      { title: "Request" }, { title: "Received", kind: "number" }, { title: "Age", kind: "number" }];
    show(this.#list, table("Those that were looked at", columns, messages.map((message) => [
      element("code", {}, message.job?.id ?? message.messageID), message.job?.name, message.reason,
      message.job?.requestID ? element("code", {}, message.job.requestID) : null, `${message.receiveCount} ×`,
      message.sentAt ? duration((Date.now() - new Date(message.sentAt)) / 1000) : null,
    ])));
  }

  async #sendAgain() {
    this.#status.textContent = "Asking the queue to send them again …";
    await this.#service.post("/admin/redrive");
    for (;;) {
      const { task } = await this.#service.get("/admin/redrive");
      this.#tell(task);
      if (!["running", "cancelling"].includes(task?.status)) break;
      await new Promise((resolve) => setTimeout(resolve, progressPause));
    }
    show(this.#list);
  }

  #tell(task) {
    const of = task?.toMove != null ? ` of ${number(task.toMove)}` : "";
    this.#status.replaceChildren(task
      ? `Redrive ${task.status}: ${number(task.moved)}${of} sent again` + (task.failure ? `; ${task.failure}` : "") + ", begun "
      : "The queue knows of no redrive.", ...(task?.startedAt ? [time(task.startedAt)] : []));
  }
}
