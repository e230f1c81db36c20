import type { EvidencePackage, Interval } from "../evidence/types.js";
import { between, pick, type Random, swapped, without } from "./attack-edits.js";
import { type AttackScene, backlog, following, hashOf } from "./attack-scene.js";
import { shifted } from "./attack-times.js";

export function spliced({ good, branch }: AttackScene, random: Random): unknown {
  const at = between(1, good.packages.length - 1, random);
  const packages = [...good.packages.slice(0, at), ...branch.packages.slice(at)];
  const checkpoints = [...(good.checkpoints ?? []), ...(branch.checkpoints ?? [])];
  const cut = between(1, good.readings.length - 2, random);
  const readings = [...good.readings.slice(0, cut), ...branch.readings.slice(cut)];
  return pick(
    [
      { ...good, packages },
      { ...good, checkpoints },
      { ...good, readings },
    ],
    random,
  );
}

export function dropped(scene: AttackScene, random: Random): unknown {
  const { good } = scene;
  const anywhere = <T>(items: readonly T[]) => without(items, between(0, items.length - 1, random));
  const inside = (all: Interval[]) => without(all, between(1, all.length - 2, random));
  return pick(
    [
      () => ({ ...good, readings: anywhere(good.readings) }),
      () => ({ ...good, events: anywhere(good.events) }),
      // Neither of the first nor of the last: without those a file merely proves less.
      () => ({
        ...good,
        packages: without(good.packages, between(2, good.packages.length - 3, random)),
      }),
      () => backlog(scene, random, inside),
    ],
    random,
  )();
}

export function repeated(scene: AttackScene, random: Random): unknown {
  const { good, device } = scene;
  const again = <T>(items: readonly T[]) => [...items, pick(items, random)];
  const twice = (all: Interval[]) => again(all);
  const renumbered = (all: Interval[]) => {
    const last = all.at(-1);
    if (last === undefined) return all;
    return [...all, { ...last, sequence: last.sequence + 1, previous: hashOf(last, device) }];
  };
  return pick(
    [
      () => ({ ...good, readings: again(good.readings) }),
      () => ({ ...good, events: again(good.events) }),
      () => ({ ...good, packages: again(good.packages) }),
      () => backlog(scene, random, twice),
      () => backlog(scene, random, renumbered),
    ],
    random,
  )();
}

export function reordered(scene: AttackScene, random: Random): unknown {
  const { good } = scene;
  const readings = (): unknown => {
    const a = between(0, good.readings.length - 2, random);
    const sequences = good.readings.map(({ reading }) => reading.sequence);
    const mixed = swapped(sequences, a, a + 1);
    return {
      ...good,
      readings: good.readings.map(({ reading }, i) => ({
        reading: { ...reading, sequence: mixed[i] ?? reading.sequence },
      })),
    };
  };
  return pick(
    [
      readings,
      // Every second package is of the same meter.
      () => {
        const a = between(0, good.packages.length - 3, random);
        return { ...good, packages: swapped(good.packages, a, a + 2) };
      },
      () => backlog(scene, random, (all) => swapped(all, 0, between(1, all.length - 1, random))),
    ],
    random,
  )();
}

export function clonedCard(
  { good, foreign, foreignDevice, device }: AttackScene,
  random: Random,
): unknown {
  const index = between(0, good.packages.length - 1, random);
  const edit = (change: (one: EvidencePackage) => EvidencePackage) => ({
    ...good,
    packages: good.packages.map((one, i) => (i === index ? change(one) : one)),
  });
  const by = (one: EvidencePackage) => foreignDevice.checkpoint(one.checkpoint.statement, 900n);
  return pick(
    [
      () => edit((one) => foreignDevice.sign(one)),
      () => edit((one) => device.sign({ ...one, checkpoint: by(one) })),
      () => edit((one) => foreignDevice.sign({ ...one, checkpoint: by(one) })),
      () => ({ ...good, device: { ...foreign.device, device: good.device.device } }),
    ],
    random,
  )();
}

export function replayed(
  { good, foreign, foreignDevice, device }: AttackScene,
  random: Random,
): unknown {
  const one = pick(foreign.packages, random);
  const own = { ...one, participant: "h1" };
  return pick(
    [
      () => ({ ...good, device: foreign.device }),
      () => ({ ...good, packages: [...good.packages, one] }),
      () => ({ ...good, packages: [device.sign(one)], readings: [], events: [] }),
      () => ({ ...foreign, packages: [foreignDevice.sign(own), ...foreign.packages.slice(1)] }),
      () => ({
        ...good,
        checkpoints: [...(good.checkpoints ?? []), pick(foreign.checkpoints ?? [], random)],
      }),
      () => ({ ...good, readings: foreign.readings }),
    ],
    random,
  )();
}

export function rolledBack(scene: AttackScene, random: Random): unknown {
  const { good, branch } = scene;
  const old = pick((good.checkpoints ?? []).slice(0, -1), random).statement;
  const again = { ...old, at: shifted(old.at, between(1, 1000, random)) };
  const { device } = scene;
  return pick(
    [
      () => ({
        ...good,
        checkpoints: [...(good.checkpoints ?? []), device.checkpoint(again, 500n)],
      }),
      () => ({ ...good, packages: [...good.packages, ...branch.packages] }),
      () => following(scene, BigInt(between(0, 259, random))),
    ],
    random,
  )();
}
