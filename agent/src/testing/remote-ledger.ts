import type { ChildProcess } from "node:child_process";
import { CodedError, codeOf } from "@powershare/domain/errors";
import { encodeArgs, parseReturns } from "@powershare/domain/ledger";
import { z } from "zod";
import type { OutboxLedger } from "../app/drain-outbox.js";
import type { Outcome } from "../ports/ledger.js";

/** What the outbox asks of a ledger, over a process's message channel. */
const request = z.strictObject({
  id: z.int(),
  call: z.enum(["prepare", "submit", "outcome", "waitForCommit", "readMeter"]),
  text: z.string(),
  args: z.array(z.string()),
});
const reply = z.strictObject({ id: z.int(), value: z.unknown(), code: z.string().optional() });
const prepared = z.strictObject({ transactionId: z.string(), bytes: z.string() });

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const waitMs = 10_000;

/** Answers a child's requests with `ledger`; a child that died meanwhile gets none. */
export function serveLedger(child: ChildProcess, ledger: OutboxLedger): void {
  child.on("message", (message) => {
    const asked = request.safeParse(message);
    if (!asked.success) return;
    const { id } = asked.data;
    const answer = (said: { value?: unknown; code?: string | undefined }): void => {
      if (child.connected) child.send({ id, value: null, ...said }, () => {});
    };
    carryOut(asked.data, ledger).then(
      (value) => answer({ value }),
      (error: unknown) => answer({ code: codeOf(error) ?? "ledger.unavailable" }),
    );
  });
}

async function carryOut(asked: z.infer<typeof request>, ledger: OutboxLedger): Promise<unknown> {
  const { call, text, args } = asked;
  switch (call) {
    case "prepare": {
      const { transactionId, bytes } = await ledger.prepare("metering:SubmitEvidence", args);
      return { transactionId, bytes: hex(bytes) };
    }
    case "submit":
      await ledger.submit(Buffer.from(text, "hex"));
      return null;
    case "outcome":
      return await ledger.outcome(text);
    case "waitForCommit":
      return await ledger.waitForCommit(text, waitMs);
    case "readMeter":
      return await ledger.read("metering:ReadMeter", { meter: text });
  }
}

/** The ledger that the parent process holds. */
export function parentsLedger(): OutboxLedger {
  const waiting = new Map<number, (answer: z.infer<typeof reply>) => void>();
  let next = 1;
  process.on("message", (message) => {
    const answer = reply.parse(message);
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  async function ask(
    call: z.infer<typeof request>["call"],
    text: string,
    args: readonly string[] = [],
  ): Promise<unknown> {
    const id = next;
    next += 1;
    const { code, value } = await new Promise<z.infer<typeof reply>>((resolve) => {
      waiting.set(id, resolve);
      process.send?.({ id, call, text, args });
    });
    if (code === undefined) return value;
    throw new CodedError(
      code === "ledger.endorse-refused" ? "ledger.endorse-refused" : "ledger.commit-unknown",
      `the parent's ledger says ${code}`,
    );
  }
  const outcomeOf = (value: unknown): Outcome =>
    z
      .union([
        z.object({ state: z.enum(["committed", "unknown"]) }),
        z.object({ state: z.literal("rejected"), code: z.literal("ledger.conflict") }),
      ])
      .parse(value);
  return {
    prepare: async (_name, args) => {
      const { transactionId, bytes } = prepared.parse(await ask("prepare", "", args));
      return { transactionId, bytes: Buffer.from(bytes, "hex") };
    },
    submit: async (bytes) => void (await ask("submit", hex(bytes))),
    outcome: async (transactionId) => outcomeOf(await ask("outcome", transactionId)),
    waitForCommit: async (transactionId) => outcomeOf(await ask("waitForCommit", transactionId)),
    read: async (name, args) => {
      const [meter = ""] = encodeArgs(name, args);
      return parseReturns(name, JSON.stringify(await ask("readMeter", meter)));
    },
  };
}
