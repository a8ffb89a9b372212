// Which files are let in. Pure, but for the first bytes of a file.

// Extensions of formats whose media type some systems do not know.
const extensions = new Set(["jpg", "jpeg", "jpe", "png", "gif", "webp", "tif", "tiff", "avif", "heic", "heif"]);
const signatureLength = 12;

// Whether a file may be an image by what the system says of it. Its bytes are looked at when its turn comes.
export function mayBeImage({ name, type }) {
  if (type) return type.startsWith("image/") && !type.startsWith("image/svg");
  return extensions.has(name.split(".").pop().toLowerCase());
}

// Whether bytes begin like an image that the service knows: what it looks at too, before it reads on.
export function beginsLikeImage(bytes) {
  const text = String.fromCharCode(...bytes.subarray(0, signatureLength));
  if (/^(\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|II[*+]\0|MM\0[*+])/.test(text)) return true;
  return /^RIFF[^]{4}WEBP/.test(text) || /^[^]{4}ftyp(avif|avis|heic|heix|mif1|msf1)/.test(text);
}

export async function hasImageSignature(file) {
  return beginsLikeImage(new Uint8Array(await file.slice(0, signatureLength).arrayBuffer()));
}

// Chooses from `files` what there is room for. `present` is {count, bytesWaiting}.
// Returns {taken, strangers, tooMany}: those let in, those that are no images, and how many there was no room for.
export function admit(files, present, limits) {
  const taken = [];
  const strangers = [];
  let { count, bytesWaiting } = present;
  let tooMany = 0;
  for (const file of files) {
    if (!mayBeImage(file)) {
      strangers.push(file.name);
    } else if (count >= limits.imagesMax || bytesWaiting + file.size > limits.bytesWaitingMax) {
      tooMany += 1;
    } else {
      taken.push(file);
      count += 1;
      bytesWaiting += file.size;
    }
  }
  return { taken, strangers, tooMany };
}

// What is said of those not let in; an empty text when all were.
export function refusalWords({ taken, strangers, tooMany }, limits, wasCut = false) {
  const words = [];
  if (strangers.length > 0) {
    const told = strangers.slice(0, limits.namesToldMax).map((name) => `“${name}”`);
    const rest = strangers.length - told.length;
    const names = rest > 0 ? `${told.join(", ")} and ${rest} more` : told.join(", ").replace(/, ([^,]*)$/, " and $1");
    words.push(`${names} ${strangers.length === 1 ? "is not an image and was" : "are not images and were"} left out.`);
  }
  if (tooMany > 0) {
    const gib = limits.bytesWaitingMax / 1024 ** 3;
    words.push(
      `${tooMany} ${tooMany === 1 ? "image was" : "images were"} left out: this page holds ` +
        `${limits.imagesMax.toLocaleString("en")} images, and ${gib} GiB of them waiting. Clear the list, or wait, and add more.`);
  }
  if (wasCut) {
    words.push(`Only the first ${limits.folderEntriesMax.toLocaleString("en")} files of the folder were looked at.`);
  }
  if (words.length === 0 && taken.length === 0) words.push("There was no file in it.");
  return words.join(" ");
}
