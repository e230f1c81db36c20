import { describe, expect, test } from "vitest";
import { decode } from "./decode.js";
import { encode } from "./encode.js";
import { loadProfile } from "./library.js";
import { planReads } from "./plan-reads.js";
import { type ReadRegisters, resolveProfile } from "./sunspec.js";

const meter = loadProfile("sunspec/meter");
const marker = [0x5375, 0x6e53];
const end = [0xffff, 0];
/** A model of so many registers after its header. */
const model = (id: number, length: number) => [id, length, ...Array.from({ length }, () => 0)];
const common = model(1, 66);

/** A device that has these words from `base` on and refuses all else, as exception 2. */
function device(words: readonly number[], base = 40_000) {
  const asked: number[] = [];
  const read: ReadRegisters = async (table, address, count) => {
    asked.push(address);
    const from = address - base;
    if (table !== "holding" || from < 0 || from + count > words.length) {
      throw new Error(`exception 2 at ${address}`);
    }
    return Uint8Array.from(
      words.slice(from, from + count).flatMap((word) => [word >> 8, word & 0xff]),
    );
  };
  return { read, asked };
}

const found = async (words: readonly number[], base?: number) =>
  (await resolveProfile(meter, device(words, base).read)).sunspec?.found;

describe("a chain of models is walked", () => {
  test.each([
    { name: "the usual", words: [...marker, ...common, ...model(203, 105), ...end], at: 40_070 },
    {
      name: "a common model without padding",
      words: [...marker, ...model(1, 65), ...model(203, 105), ...end],
      at: 40_069,
    },
    {
      name: "models of others between, one of them empty",
      words: [
        ...marker,
        ...common,
        ...model(64_001, 7),
        ...model(160, 0),
        ...model(201, 105),
        ...end,
      ],
      at: 40_081,
    },
    {
      name: "a measuring model that its maker lengthened",
      words: [...marker, ...common, ...model(204, 110), ...end],
      at: 40_070,
    },
    {
      name: "no end behind the model",
      words: [...marker, ...common, ...model(202, 105)],
      at: 40_070,
    },
  ])("with $name", async ({ words, at }) => {
    expect(await found(words)).toMatchObject({ address: at, commonAddress: 40_002 });
  });

  test("at whichever base has the marker", async () => {
    const words = [...marker, ...common, ...model(203, 105), ...end];
    expect(await found(words, 0)).toEqual({ commonAddress: 2, model: 203, address: 70 });
    expect(await found(words, 50_000)).toMatchObject({ address: 50_070 });
  });

  test("to the common model nearest before the meter, behind an inverter of its own", async () => {
    const words = [
      ...marker,
      ...model(1, 65),
      ...model(103, 50),
      ...model(1, 65),
      ...model(203, 105),
    ];
    expect(await found([...words, ...end])).toEqual({
      commonAddress: 40_121,
      model: 203,
      address: 40_188,
    });
  });

  test("by its headers only", async () => {
    const { read, asked } = device([...marker, ...common, ...model(203, 105), ...end]);
    await resolveProfile(meter, read);
    expect(asked).toEqual([40_000, 40_002, 40_070]);
  });
});

describe("a device is refused", () => {
  const refusal = (words: readonly number[]) => resolveProfile(meter, device(words).read);
  test("where its chain ends without the model, naming those it has", async () => {
    const refused = refusal([...marker, ...common, ...model(103, 50), ...end]);
    await expect(refused).rejects.toMatchObject({ code: "profile.no-model" });
    await expect(refused).rejects.toThrow("1 (66 registers), 103 (50 registers); none of 201, 202");
  });

  test("where the model is shorter than the map", async () => {
    await expect(refusal([...marker, ...common, ...model(203, 90), ...end])).rejects.toMatchObject({
      code: "profile.no-model",
    });
  });

  test("where no base has the marker", async () => {
    await expect(refusal([0x1234, 0x5678])).rejects.toMatchObject({ code: "profile.no-sunspec" });
  });

  test("where its chain never ends", async () => {
    const words = [
      ...marker,
      ...common,
      ...Array.from({ length: 200 }, () => model(700, 0)).flat(),
    ];
    await expect(refusal(words)).rejects.toMatchObject({ code: "profile.bad-chain" });
  });

  test("with its own error where the chain breaks off", async () => {
    await expect(refusal([...marker, ...common])).rejects.toThrow("exception 2 at 40070");
  });

  test("with its own error where it answers at no base", async () => {
    await expect(refusal([])).rejects.toThrow("exception 2");
  });
});

describe("a SunSpec reading", () => {
  const values = { activeEnergyImportWh: 8_123_456, activePowerW: -931, frequencyHz: 50.02 };
  const live = async () => {
    const image = encode(meter, { ...values, serialNumber: "EX1" });
    const read: ReadRegisters = async (table, address, count) => image.read(table, address, count)!;
    return { image, profile: await resolveProfile(meter, read) };
  };

  test("has no addresses before the chain was walked", () => {
    expect(() => planReads(meter)).toThrow(expect.objectContaining({ code: "profile.unresolved" }));
  });

  test("decodes by its own bytes, wherever the models were", async () => {
    const { image, profile } = await live();
    const blocks = planReads(profile).map((read) => ({
      ...read,
      bytes: image.read(read.table, read.address, read.count)!,
    }));
    expect(decode(meter, blocks)).toMatchObject(values);
    const moved = blocks.map((block) => ({ ...block, address: block.address - 30_000 }));
    expect(decode(meter, moved)).toMatchObject(values);
  });

  test("without the model's header says nothing", async () => {
    const { image, profile } = await live();
    const [block] = planReads(profile).map((read) => ({
      ...read,
      address: read.address + 2,
      bytes: image.read(read.table, read.address + 2, read.count - 2)!,
    }));
    expect(decode(meter, [block!])).toEqual({});
  });
});
