import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "@powershare/domain/errors";
import { z } from "zod";
import { hashOf, newToken, type RandomBytes } from "./secrets.js";
import type { Connection } from "./store.js";

const linkMs = 10 * 60_000;
export const sessionSeconds = 12 * 3600;
const mostSessions = 200;
const named = z.object({ operator: z.string() });

/** Who may decide: a token each, one-time links to the page, and the page's sessions. Only hashes are kept. */
export class Operators {
  readonly #db: Connection;
  readonly #now: () => Date;
  readonly #random: RandomBytes;

  constructor(db: Connection, now: () => Date, random: RandomBytes) {
    this.#db = db;
    this.#now = now;
    this.#random = random;
  }

  /**
   * Makes a token for each new operator, into a file that only the registrar's user can read, and forgets
   * those who are no longer named.
   * @returns paths of new token files
   */
  keepOnly(names: readonly string[], dataDir: string): string[] {
    const folder = join(dataDir, "operators");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const known = z
      .array(z.object({ name: z.string() }))
      .parse(this.#db.prepare("SELECT name FROM operator").all());
    for (const { name } of known.filter((one) => !names.includes(one.name))) {
      this.#db.prepare("DELETE FROM operator WHERE name = ?").run(name);
    }
    const fresh = names.filter((name) => !known.some((one) => one.name === name));
    return fresh.map((name) => {
      const token = newToken(this.#random);
      const path = join(folder, `${name}.token`);
      writeFileSync(path, `${token}\n`, { mode: 0o600 });
      this.#db.prepare("INSERT INTO operator VALUES (?, ?)").run(name, hashOf(token));
      return path;
    });
  }

  /** The operator of a token. @throws CodedError enrolment.operator */
  byToken(token: string): string {
    const found = this.#db
      .prepare("SELECT name AS operator FROM operator WHERE token_hash = ?")
      .get(hashOf(token));
    return operatorIn(found, "the operator's token is missing or wrong");
  }

  /** A link that opens the page once, within ten minutes. */
  newLink(operator: string): { token: string; expiresAt: Date } {
    return this.#keep("link", operator, linkMs);
  }

  /** Takes a link; it never works again. @throws CodedError enrolment.operator */
  enter(link: string): { session: string } {
    const sql =
      "DELETE FROM session WHERE kind = 'link' AND hash = ? AND expires_at > ? RETURNING operator";
    const found = this.#db.prepare(sql).get(hashOf(link), this.#now().toISOString());
    const operator = operatorIn(found, "this link was used, or is too old");
    const { token } = this.#keep("page", operator, sessionSeconds * 1000);
    return { session: token };
  }

  /** The operator of a page's session. @throws CodedError enrolment.operator */
  bySession(session: string): string {
    const sql = "SELECT operator FROM session WHERE kind = 'page' AND hash = ? AND expires_at > ?";
    const found = this.#db.prepare(sql).get(hashOf(session), this.#now().toISOString());
    return operatorIn(found, "the page's session has ended");
  }

  leave(session: string): void {
    this.#db.prepare("DELETE FROM session WHERE kind = 'page' AND hash = ?").run(hashOf(session));
  }

  #keep(kind: "link" | "page", operator: string, forMs: number) {
    const expiresAt = new Date(this.#now().getTime() + forMs);
    const token = newToken(this.#random);
    this.#db
      .transaction(() => {
        const at = this.#now().toISOString();
        this.#db.prepare("DELETE FROM session WHERE expires_at <= ?").run(at);
        this.#db
          .prepare(
            "DELETE FROM session WHERE hash IN (SELECT hash FROM session ORDER BY expires_at DESC LIMIT -1 OFFSET ?)",
          )
          .run(mostSessions - 1);
        this.#db
          .prepare("INSERT INTO session VALUES (?, ?, ?, ?)")
          .run(hashOf(token), kind, operator, expiresAt.toISOString());
      })
      .immediate();
    return { token, expiresAt };
  }
}

function operatorIn(found: unknown, refusal: string): string {
  if (found === undefined) throw new CodedError("enrolment.operator", refusal);
  return named.parse(found).operator;
}
