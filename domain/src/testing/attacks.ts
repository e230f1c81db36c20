import type { Random } from "./attack-edits.js";
import { between, changedAt, flipped, leavesOf, pick } from "./attack-edits.js";
import {
  changedEvents,
  changedRegisters,
  forgedAttest,
  malformedSignature,
  wrongKey,
} from "./attack-forgeries.js";
import {
  clonedCard,
  dropped,
  reordered,
  repeated,
  replayed,
  rolledBack,
  spliced,
} from "./attack-moves.js";
import type { AttackScene } from "./attack-scene.js";
import { following, recertified, resigned, withCheckpoint, withReading } from "./attack-scene.js";
import { minute, shifted, someMs } from "./attack-times.js";

type Family = (scene: AttackScene, random: Random) => unknown;

/** Every way in which somebody may want a file of evidence to say something else; all must be refused. */
export const attackFamilies = {
  flip: ({ good }, random) =>
    changedAt(good, pick(leavesOf(good), random), (value) => flipped(value, random)),
  drop: dropped,
  repeat: repeated,
  reorder: reordered,
  splice: spliced,
  "back-date": (scene, random) =>
    pick(
      [
        () => withReading(scene.good, random, ({ at }) => ({ at: shifted(at, someMs(random)) })),
        () =>
          recertified(scene, random, ({ start, end }) => {
            const byMs = minute * between(-100_000, -1, random);
            return { start: shifted(start, byMs), end: shifted(end, byMs) };
          }),
      ],
      random,
    )(),
  "roll back": rolledBack,
  "cloned card": clonedCard,
  "another device": replayed,
  "TPM reset": (scene, random) =>
    pick(
      [
        () => following(scene, BigInt(between(0, 250, random))),
        () => following(scene, 999n, {}, { resetCount: between(0, 1, random) }),
      ],
      random,
    )(),
  "clock step": (scene, random) =>
    recertified(scene, random, ({ start, end }) =>
      pick(
        [
          { start: shifted(start, someMs(random)) },
          { end: shifted(start, -Math.abs(someMs(random))) },
          { start: end, end: start },
        ],
        random,
      ),
    ),
  "forged attestation": forgedAttest,
  "wrong key": wrongKey,
  "malformed signature": (scene, random) => {
    const { good } = scene;
    const index = between(0, good.packages.length - 1, random);
    const packages = good.packages.map((one, i) =>
      i === index ? { ...one, signature: malformedSignature(one.signature, random) } : one,
    );
    const attested = () =>
      withCheckpoint(scene, random, (one) => ({
        ...one,
        signature: malformedSignature(one.signature, random),
      }));
    return random() < 0.5 ? { ...good, packages } : attested();
  },
  registers: (scene, random) =>
    pick([resigned, recertified], random)(scene, random, changedRegisters(random)),
  epoch: (scene, random) =>
    pick(
      [
        () => recertified(scene, random, () => ({ epoch: 0 })),
        () => resigned(scene, random, ({ epoch }) => ({ epoch: epoch + between(1, 9, random) })),
        () =>
          resigned(scene, random, ({ meter }) => ({ meter: `${meter}.${between(2, 9, random)}` })),
      ],
      random,
    )(),
  events: changedEvents,
} satisfies Record<string, Family>;

export type AttackName = keyof typeof attackFamilies;
