import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What a process did to the files of one folder, in order. Names are relative to the folder; "." is the folder. */
export type DiskCall =
  | { readonly call: "create" | "remove" | "sync" | "failed-sync"; readonly name: string }
  | { readonly call: "rename"; readonly name: string; readonly to: string }
  | { readonly call: "truncate"; readonly name: string; readonly size: number }
  | {
      readonly call: "write";
      readonly name: string;
      readonly offset: number;
      readonly bytes: Buffer;
    }
  /** A line on standard output. */
  | { readonly call: "said"; readonly line: string };

const traced = "openat,close,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename";

/**
 * Runs a Node program under strace and lists what it did to the database at `path` and the files beside it.
 * `inject` lets calls on these files fail, as strace's option of that name says; the program may then fail too.
 */
export function traceStore(
  program: readonly string[],
  path: string,
  { inject, timeoutMs = 600_000 }: { readonly inject?: string; readonly timeoutMs?: number } = {},
): DiskCall[] {
  const folder = dirname(path);
  const log = join(dirname(folder), `${basename(folder)}.trace`);
  const said = join(dirname(folder), `${basename(folder)}.said`);
  const names = [path, `${path}-wal`, `${path}-journal`, `${path}-shm`, folder, said];
  const output = openSync(said, "w");
  try {
    const { error, status } = spawnSync(
      "strace",
      [
        "-f",
        "-qq",
        "-xx",
        "-s",
        "1000000",
        "-e",
        `trace=${traced}`,
        "-e",
        "signal=none",
        ...(inject === undefined ? [] : ["-e", `inject=${inject}`]),
        ...names.flatMap((name) => ["-P", name]),
        "-o",
        log,
        process.execPath,
        ...program,
      ],
      { stdio: ["ignore", output, "inherit"], timeout: timeoutMs },
    );
    if (error !== undefined) throw error;
    if (status !== 0 && inject === undefined) throw new Error(`the program ended with ${status}`);
  } finally {
    closeSync(output);
  }
  const text = readFileSync(log, "latin1");
  for (const file of [log, said]) rmSync(file);
  return parseTrace(text, folder);
}

const line = /^\d+\s+(\w+)\((.*)\)\s+=\s+(-?\d+)/;
const unfinished = /^(\d+)\s+(.*) <unfinished \.\.\.>$/;
const resumed = /^(\d+)\s+<\.\.\. \w+ resumed>(.*)$/;

/** @throws Error for a line that it does not understand: an unseen call would make the test blind */
export function parseTrace(text: string, folder: string): DiskCall[] {
  const open = new Map<number, string>([[1, "said"]]);
  const offsets = new Map<number, number>();
  const begun = new Map<string, string>();
  const calls: DiskCall[] = [];
  const known = new Set<string>();
  for (const each of text.split("\n")) {
    const cut = unfinished.exec(each);
    if (cut?.[1] !== undefined) {
      begun.set(cut[1], cut[2] ?? "");
      continue;
    }
    const rest = resumed.exec(each);
    const whole =
      rest?.[1] === undefined ? each : `${rest[1]} ${begun.get(rest[1]) ?? ""}${rest[2] ?? ""}`;
    if (whole === "" || whole.includes("+++ exited")) continue;
    const found = line.exec(whole);
    if (found === null) throw new Error(`not understood: ${whole.slice(0, 200)}`);
    const [, name = "", args = "", result = ""] = found;
    calls.push(...understood(name, args, Number(result), { folder, open, offsets, known }));
  }
  return calls;
}

interface Tracing {
  readonly folder: string;
  readonly open: Map<number, string>;
  readonly offsets: Map<number, number>;
  /** Names that exist as far as the trace showed. */
  readonly known: Set<string>;
}

function understood(name: string, args: string, result: number, on: Tracing): DiskCall[] {
  if (result < 0) return failed(name, args, on);
  if (name === "openat" || name === "unlink" || name === "rename") {
    return named(name, args, result, on);
  }
  const fd = Number(args.split(",")[0]);
  const file = on.open.get(fd);
  if (name === "close") {
    on.open.delete(fd);
    return [];
  }
  if (file === undefined) throw new Error(`${name} on a file that was not seen opened`);
  switch (name) {
    case "write": {
      const bytes = stringsOf(args)[0] ?? Buffer.alloc(0);
      if (file === "said") return [{ call: "said", line: bytes.toString().trim() }];
      const offset = on.offsets.get(fd) ?? 0;
      on.offsets.set(fd, offset + result);
      return [{ call: "write", name: file, offset, bytes: bytes.subarray(0, result) }];
    }
    case "pwrite64": {
      const offset = Number(args.slice(args.lastIndexOf(",") + 1));
      const bytes = (stringsOf(args)[0] ?? Buffer.alloc(0)).subarray(0, result);
      return [{ call: "write", name: file, offset, bytes }];
    }
    case "ftruncate":
      return [{ call: "truncate", name: file, size: Number(args.split(",")[1]) }];
    default:
      return [{ call: "sync", name: file }];
  }
}

/** A call that failed changed nothing; but a sync that failed leaves nobody knowing what it wrote. */
function failed(name: string, args: string, on: Tracing): DiskCall[] {
  const file = on.open.get(Number(args.split(",")[0]));
  if (file === undefined || !/^f(data)?sync$/.test(name)) return [];
  return [{ call: "failed-sync", name: file }];
}

function named(name: string, args: string, result: number, on: Tracing): DiskCall[] {
  const paths = stringsOf(args).map((bytes) => bytes.toString());
  const [first = "", second = ""] = paths.map((path) => relative(path, on.folder));
  if (name === "rename") return [{ call: "rename", name: first, to: second }];
  if (name === "unlink") {
    on.known.delete(first);
    return [{ call: "remove", name: first }];
  }
  on.open.set(result, first);
  on.offsets.delete(result);
  if (!args.includes("O_CREAT") || on.known.has(first)) return [];
  on.known.add(first);
  return [{ call: "create", name: first }];
}

function relative(path: string, folder: string): string {
  if (path === folder) return ".";
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

/** Arguments in quotes, all of whose bytes are written `\xNN`. */
function stringsOf(args: string): Buffer[] {
  return [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?/g)].map(([, hex = "", more]) => {
    if (more !== undefined) throw new Error("the trace is cut short");
    return Buffer.from(hex.replaceAll("\\x", ""), "hex");
  });
}
