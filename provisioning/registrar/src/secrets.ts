import { createHash, timingSafeEqual } from "node:crypto";

/** Source of random bytes: the system's, or a seeded one where a test replays a run. */
export type RandomBytes = (size: number) => Uint8Array;

/** 256 random bits as text. */
export function newToken(random: RandomBytes): string {
  return Buffer.from(random(32)).toString("base64url");
}

/** What is kept of a token or secret. They are random with 192 bits and more, so that no salt is needed. */
export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Compares in a time that tells nothing. */
export function isHashOf(hash: string | null, token: string): boolean {
  if (hash === null) return false;
  const [one, other] = [Buffer.from(hash), Buffer.from(hashOf(token))];
  return one.length === other.length && timingSafeEqual(one, other);
}
