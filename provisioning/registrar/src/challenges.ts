import { CodedError } from "@powershare/domain/errors";
import type { RandomBytes } from "./secrets.js";
import type { Connection } from "./store.js";

const holdsMs = 5 * 60_000;
const mostOfOneDevice = 4;
const mostInAll = 4000;

/** Numbers used once, for renewals. They are no secrets, but each counts once, for one device, and for minutes. */
export class Challenges {
  readonly #db: Connection;
  readonly #now: () => Date;
  readonly #random: RandomBytes;

  constructor(db: Connection, now: () => Date, random: RandomBytes) {
    this.#db = db;
    this.#now = now;
    this.#random = random;
  }

  make(device: string): { challenge: string; expiresAt: string } {
    const challenge = Buffer.from(this.#random(32)).toString("hex");
    const expiresAt = new Date(this.#now().getTime() + holdsMs).toISOString();
    this.#db
      .transaction(() => {
        this.#run("DELETE FROM challenge WHERE expires_at <= ?", this.#now().toISOString());
        const kept = "SELECT hash FROM challenge WHERE device = ? ORDER BY expires_at DESC";
        this.#run(
          `DELETE FROM challenge WHERE device = ? AND hash NOT IN (${kept} LIMIT ?)`,
          device,
          device,
          mostOfOneDevice - 1,
        );
        const oldest = "SELECT hash FROM challenge ORDER BY expires_at DESC LIMIT -1 OFFSET ?";
        this.#run(`DELETE FROM challenge WHERE hash IN (${oldest})`, mostInAll - 1);
        this.#run("INSERT INTO challenge VALUES (?, ?, ?)", challenge, device, expiresAt);
      })
      .immediate();
    return { challenge, expiresAt };
  }

  /** Takes a challenge; it never counts again. @throws CodedError enrolment.renewal */
  take(challenge: string, device: string): void {
    const at = this.#now().toISOString();
    const sql = "DELETE FROM challenge WHERE hash = ? AND device = ? AND expires_at > ?";
    if (this.#run(sql, challenge, device, at) === 1) return;
    throw new CodedError("enrolment.renewal", "the challenge is unknown, used or too old");
  }

  #run(sql: string, ...values: (string | number)[]): number {
    return this.#db.prepare(sql).run(...values).changes;
  }
}
