// The files of what was dropped, folders walked.

// The entries must be taken from a drop before its event ends; their files may be read later.
export function dropped(transfer) {
  const items = [...(transfer.items ?? [])].filter((item) => item.kind === "file");
  const roots = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  return roots.length > 0 ? roots : [...transfer.files];
}

// Files in the order of their names within each folder. Hidden files and folders are no one's pictures.
// Returns {files, wasCut}; `wasCut` when there were more than are looked at.
export async function walk(roots, { folderEntriesMax, folderDepthMax }) {
  const files = [];
  let seen = 0;
  let wasCut = false;

  async function visit(entry, depth) {
    if (entry instanceof File) return files.push(entry);
    seen += 1;
    if (seen > folderEntriesMax || depth > folderDepthMax) return (wasCut = true);
    if (depth > 0 && entry.name.startsWith(".")) return;
    if (entry.isFile) {
      // One that vanished meanwhile is as if it had never been there.
      const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
      if (file) files.push(file);
    } else if (entry.isDirectory) {
      for (const child of await children(entry, folderEntriesMax)) {
        if (wasCut) return;
        await visit(child, depth + 1);
      }
    }
  }

  for (const root of roots) await visit(root, 0);
  return { files, wasCut };
}

// A reader gives a hundred at a time.
async function children(directory, countMax) {
  const reader = directory.createReader();
  const entries = [];
  while (entries.length <= countMax) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) break;
    entries.push(...some);
  }
  return entries.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
}
