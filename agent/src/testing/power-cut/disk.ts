import type { DiskCall } from "./trace.js";

/** What of the writes that no sync had covered is on the disk when the power comes back. */
export const cuts = ["all", "none", "some", "torn"] as const;
export type Cut = (typeof cuts)[number];

/** Sectors of a disk are written whole or not at all. */
const sectorBytes = 512;

type Change = { readonly offset: number; readonly bytes: Buffer } | { readonly size: number };

interface File {
  synced: Buffer;
  unsynced: Change[];
}

/**
 * A disk with a write cache, as POSIX allows it to be: a write is on the disk when its file was
 * synced, a name when its folder was; until then any part may be there or not, in any order.
 * Takes the calls of a trace, and says at each point what a power cut could leave.
 */
export class CachedDisk {
  readonly #syncs: boolean;
  #names: Map<string, File>;
  /** Names as they were after each change since the folder was last synced; the first is synced. */
  #history: Map<string, File>[];

  /** With `syncs: false` every sync is a lie, as under eatmydata or on a dishonest card. */
  constructor(files: ReadonlyMap<string, Buffer>, { syncs = true } = {}) {
    this.#syncs = syncs;
    this.#names = new Map(
      [...files].map(([name, bytes]) => [name, { synced: bytes, unsynced: [] }]),
    );
    this.#history = [this.#names];
  }

  /** Whether a cut now could leave more than one state. */
  get unsettled(): boolean {
    return (
      this.#history.length > 1 ||
      [...this.#names.values()].some(({ unsynced }) => unsynced.length > 0)
    );
  }

  take(call: DiskCall): void {
    switch (call.call) {
      case "said":
        return;
      case "create":
        if (!this.#names.has(call.name)) {
          this.#rename((names) => names.set(call.name, { synced: Buffer.alloc(0), unsynced: [] }));
        }
        return;
      case "remove":
        this.#rename((names) => names.delete(call.name));
        return;
      case "rename": {
        const moved = this.#file(call.name);
        this.#rename((names) => {
          names.delete(call.name);
          names.set(call.to, moved);
        });
        return;
      }
      case "sync":
        if (this.#syncs) this.#sync(call.name);
        return;
      case "failed-sync":
        // Of a folder: the names wait for the next one.
        if (call.name === ".") return;
        // Linux says so once and then takes the pages for written: readers see them, the disk never gets them.
        this.#file(call.name).unsynced = [];
        return;
      case "write":
      case "truncate":
        this.#file(call.name).unsynced.push(call);
    }
  }

  /** Files as the power cut leaves them. `random` gives numbers in [0, 1). */
  after(cut: Cut, random: () => number): Map<string, Buffer> {
    const last = this.#history.length - 1;
    const known = cut === "all" ? last : cut === "none" ? 0 : Math.floor(random() * (last + 1));
    const names = this.#history[known] ?? this.#names;
    return new Map([...names].map(([name, file]) => [name, contentAfter(file, cut, random)]));
  }

  #rename(change: (names: Map<string, File>) => void): void {
    const names = new Map(this.#names);
    change(names);
    this.#names = names;
    this.#history.push(names);
  }

  #sync(name: string): void {
    if (name === ".") {
      this.#history = [this.#names];
      return;
    }
    const file = this.#file(name);
    file.synced = applied(file.synced, file.unsynced);
    file.unsynced = [];
  }

  #file(name: string): File {
    const file = this.#names.get(name);
    if (file === undefined) throw new Error(`no file ${name}`);
    return file;
  }
}

function contentAfter({ synced, unsynced }: File, cut: Cut, random: () => number): Buffer {
  if (cut === "none") return synced;
  if (cut === "all") return applied(synced, unsynced);
  const some = unsynced.filter(() => random() < 0.5);
  const last = some.at(-1);
  if (cut === "torn" && last !== undefined && "bytes" in last && last.bytes.length > sectorBytes) {
    const sectors = Math.ceil(last.bytes.length / sectorBytes);
    const length = Math.floor(random() * sectors) * sectorBytes;
    some[some.length - 1] = { offset: last.offset, bytes: last.bytes.subarray(0, length) };
  }
  return applied(synced, some);
}

function applied(before: Buffer, changes: readonly Change[]): Buffer {
  const ends = changes.map((change) =>
    "bytes" in change ? change.offset + change.bytes.length : change.size,
  );
  const room = Buffer.alloc(Math.max(before.length, ...ends));
  before.copy(room);
  let size = before.length;
  for (const change of changes) {
    if ("bytes" in change) {
      change.bytes.copy(room, change.offset);
      size = Math.max(size, change.offset + change.bytes.length);
    } else {
      room.fill(0, change.size, Math.max(size, change.size));
      size = change.size;
    }
  }
  return room.subarray(0, size);
}
