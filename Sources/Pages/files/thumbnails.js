// Small pictures of the images near to what is seen, made a few at a time. A format that the browser cannot show keeps
// its placeholder.

import { limits } from "./limits.js";

export class Thumbnails {
  #jobs = new Map();
  #ready = [];
  #running = 0;
  #observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: limits.thumbnailMargin });

  // `frame`: the element that holds the `img` to be shown.
  request(frame, file) {
    this.#jobs.set(frame, file);
    this.#observer.observe(frame);
  }

  forget(frame) {
    this.#jobs.delete(frame);
    this.#observer.unobserve(frame);
  }

  #seen(entries) {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting || !this.#jobs.has(target)) continue;
      this.#observer.unobserve(target);
      this.#ready.push(target);
    }
    this.#pump();
  }

  #pump() {
    while (this.#running < limits.thumbnailsAtOnceMax && this.#ready.length > 0) {
      const frame = this.#ready.shift();
      const file = this.#jobs.get(frame);
      this.#jobs.delete(frame);
      if (!file) continue;
      this.#running += 1;
      show(frame, file).catch(() => {}).finally(() => {
        this.#running -= 1;
        this.#pump();
      });
    }
  }
}

async function show(frame, file) {
  const bitmap = await createImageBitmap(file, { resizeWidth: limits.thumbnailWidth, resizeQuality: "medium" });
  const blob = await drawn(bitmap).finally(() => bitmap.close());
  const url = URL.createObjectURL(blob);
  const picture = frame.querySelector("img");
  try {
    picture.src = url;
    await picture.decode();
    frame.dataset.shown = "";
  } finally {
    // What is decoded stays; the bytes behind the address go.
    URL.revokeObjectURL(url);
  }
}

// The middle of it, as much as fills the frame. JPEG knows no transparency, so white is put behind.
function drawn(bitmap) {
  const canvas = document.createElement("canvas");
  const { thumbnailWidth: width, thumbnailHeight: height } = limits;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no thumbnail"))), "image/jpeg", 0.82);
  });
}
