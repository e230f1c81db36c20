import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { RegisterReader } from "./register-reader.js";
import { openTcpReader } from "./tcp-reader.js";
import { addressBank, contentOf } from "./testing/bench-bus.js";

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Asked {
  readonly transaction: number;
  readonly unit: number;
  readonly code: number;
  readonly address: number;
  readonly count: number;
}

/** A frame of Modbus TCP: header, unit, function and what follows. */
function frameOf(transaction: number, body: readonly number[], length = body.length): Uint8Array {
  return Uint8Array.from([
    transaction >> 8,
    transaction & 0xff,
    0,
    0,
    length >> 8,
    length & 0xff,
    ...body,
  ]);
}

const dataOf = (unit: number, address: number, count: number): Uint8Array => {
  const data = addressBank(unit)("input", address, count);
  return data instanceof Uint8Array ? data : new Uint8Array();
};

const soundBody = ({ unit, code, address, count }: Asked) => [
  unit,
  code,
  2 * count,
  ...dataOf(unit, address, count),
];

const sound = (asked: Asked) => frameOf(asked.transaction, soundBody(asked));

type Behaviour = (asked: Asked, socket: Socket) => void;

class TcpMeter {
  connections = 0;
  requests = 0;
  behave: Behaviour = (asked, socket) => void socket.write(sound(asked));
  readonly sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  async start(): Promise<number> {
    this.#server = createServer((socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.on("data", (bytes) => {
        this.requests++;
        const [unit = 0, code = 0] = bytes.subarray(6);
        const [transaction, address, count] = [0, 8, 10].map((at) => bytes.readUInt16BE(at));
        this.behave({ transaction, unit, code, address, count } as Asked, socket);
      });
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    closers.push(async () => this.stop());
    return this.#port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}

async function pair(): Promise<{ meter: TcpMeter; reader: RegisterReader }> {
  const meter = new TcpMeter();
  const reader = openTcpReader({ host: "127.0.0.1", port: await meter.start() });
  closers.push(() => reader.close());
  return { meter, reader };
}

const block = { unit: 1, table: "input", address: 0, count: 10 } as const;

async function expectRight(reader: RegisterReader, address = 20): Promise<void> {
  const bytes = await reader.read({ ...block, address });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < 10; i++) expect(view.getUint16(2 * i)).toBe(contentOf(1, address + i));
}

describe("an answer over Modbus TCP", () => {
  const wrong: { name: string; spoil: (asked: Asked) => Uint8Array; code: string }[] = [
    {
      name: "of another unit",
      spoil: (asked) => frameOf(asked.transaction, soundBody({ ...asked, unit: 2 })),
      code: "bus.crc",
    },
    {
      name: "of the other function",
      spoil: (asked) => frameOf(asked.transaction, soundBody({ ...asked, code: 3 })),
      code: "bus.crc",
    },
    {
      name: "with fewer registers",
      spoil: (asked) => frameOf(asked.transaction, soundBody({ ...asked, count: 9 })),
      code: "bus.crc",
    },
    {
      name: "with more registers",
      spoil: (asked) => frameOf(asked.transaction, soundBody({ ...asked, count: 11 })),
      code: "bus.crc",
    },
    {
      name: "whose byte count does not fit",
      spoil: (asked) => frameOf(asked.transaction, soundBody(asked).with(2, 18)),
      code: "bus.crc",
    },
    {
      name: "to another transaction",
      spoil: (asked) => frameOf(asked.transaction + 7, soundBody({ ...asked, address: 100 })),
      code: "bus.timeout",
    },
    {
      name: "that is empty",
      spoil: (asked) => frameOf(asked.transaction, []),
      code: "bus.timeout",
    },
    {
      name: "that says it is longer than it is",
      spoil: (asked) => frameOf(asked.transaction, soundBody(asked), 0xfff0),
      code: "bus.timeout",
    },
    {
      name: "that is no Modbus at all",
      spoil: () => new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"),
      code: "bus.timeout",
    },
  ];

  test.each(wrong)("$name is refused, and reading goes on", async ({ spoil, code }) => {
    const { meter, reader } = await pair();
    await expectRight(reader);
    const good = meter.behave;
    meter.behave = (asked, socket) => void socket.write(spoil(asked));
    const read = () => reader.read({ ...block, timeoutMs: 200 });
    await expect(read()).rejects.toMatchObject({ code });
    meter.behave = good;
    // A stream that cannot be read any more is given up after a few time-outs.
    for (let tries = 0; tries < 3; tries++) await read().catch(() => {});
    await expectRight(reader);
  });

  test("in single bytes, or two at once, is put together", async () => {
    const { meter, reader } = await pair();
    meter.behave = (asked, socket) => {
      void (async () => {
        for (const byte of sound(asked)) {
          socket.write(Uint8Array.of(byte));
          await sleep(1);
        }
      })();
    };
    await expectRight(reader);
    meter.behave = (asked, socket) => {
      const stale = frameOf(asked.transaction - 1, soundBody({ ...asked, address: 300 }));
      socket.write(Buffer.concat([stale, sound(asked)]));
    };
    await expectRight(reader, 40);
  });

  test("that comes late is no one else's", async () => {
    const { meter, reader } = await pair();
    let lateMs = 300;
    meter.behave = (asked, socket) => {
      setTimeout(() => socket.write(sound(asked)), lateMs);
      lateMs = 0;
    };
    await expect(reader.read({ ...block, timeoutMs: 150 })).rejects.toMatchObject({
      code: "bus.timeout",
    });
    for (let n = 1; n <= 20; n++) {
      await expectRight(reader, 10 * n);
      await sleep(15);
    }
    expect(reader.statistics(1)).toMatchObject({ answers: 20, timeouts: 1 });
  });

  test("that says busy is asked for again", async () => {
    const { meter, reader } = await pair();
    let refusals = 2;
    const good = meter.behave;
    meter.behave = (asked, socket) => {
      if (refusals-- > 0) socket.write(frameOf(asked.transaction, [1, 0x84, 6]));
      else good(asked, socket);
    };
    await expectRight(reader);
    expect(reader.statistics(1)).toMatchObject({ answers: 1, exceptions: 2 });
  });
});

describe("a connection over Modbus TCP", () => {
  test("that the other side closed while it was idle is opened again, and the read succeeds", async () => {
    const { meter, reader } = await pair();
    await expectRight(reader);
    for (const socket of meter.sockets) socket.end();
    await sleep(50);
    await expectRight(reader);
    expect(meter.connections).toBe(2);
  });

  test("that breaks in the middle of an answer costs no process and no value", async () => {
    const { meter, reader } = await pair();
    const good = meter.behave;
    let breaks = 3;
    meter.behave = (asked, socket) => {
      if (breaks-- <= 0) return good(asked, socket);
      socket.write(sound(asked).subarray(0, 12));
      socket.resetAndDestroy();
    };
    let failures = 0;
    for (let tries = 0; tries < 60; tries++) {
      const isRight = await expectRight(reader).then(
        () => true,
        () => false,
      );
      if (isRight) break;
      failures++;
      await sleep(50);
    }
    expect(failures).toBeGreaterThan(0);
    await expectRight(reader);
  });

  test("to a host that is away is tried less and less often, and comes back by itself", async () => {
    const { meter, reader } = await pair();
    await expectRight(reader);
    await meter.stop();
    const codes = new Set<unknown>();
    let failures = 0;
    for (const endMs = Date.now() + 1_500; Date.now() < endMs; failures++) {
      const error: unknown = await reader.read(block).catch((cause: unknown) => cause);
      codes.add(error instanceof Error && "code" in error ? error.code : undefined);
      await sleep(10);
    }
    expect(codes).toContain("bus.port-missing");
    expect(codes.size).toBeLessThanOrEqual(2);
    expect(failures).toBeGreaterThan(20);
    await meter.start();
    for (let tries = 0; tries < 100; tries++) {
      if (await reader.read(block).catch(() => undefined)) break;
      await sleep(100);
    }
    await expectRight(reader);
  });

  test("serves several units in turn, and a silent one delays the others by its time-out alone", async () => {
    const { meter, reader } = await pair();
    const good = meter.behave;
    const order: number[] = [];
    meter.behave = (asked, socket) => {
      order.push(asked.unit);
      if (asked.unit !== 2) good(asked, socket);
    };
    const reads = [1, 1, 1, 2, 3].map((unit) =>
      reader.read({ ...block, unit, timeoutMs: 100 }).catch((error: unknown) => error),
    );
    const results = await Promise.all(reads);
    expect(order).toEqual([1, 2, 3, 1, 1]);
    expect(results.filter((one) => one instanceof Error)).toHaveLength(1);
  });

  test("is closed for good when the reader is, also while it waits", async () => {
    const { meter, reader } = await pair();
    meter.behave = () => {};
    const waiting = reader.read(block);
    const refused = expect(waiting).rejects.toMatchObject({ code: "bus.closed" });
    await sleep(50);
    await reader.close();
    await refused;
    await expect(reader.read(block)).rejects.toMatchObject({ code: "bus.closed" });
  });

  test("that is hung up at once, as by a gateway with too many clients, is a port gone", async () => {
    const gateway = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    closers.push(async () => void gateway.close());
    await once(gateway, "listening");
    const { port } = gateway.address() as AddressInfo;
    const reader = openTcpReader({ host: "127.0.0.1", port });
    closers.push(() => reader.close());
    await expect(reader.read(block)).rejects.toMatchObject({ code: "bus.port-gone" });
  });

  test("to where nothing listens is a missing port", async () => {
    const reader = openTcpReader({ host: "127.0.0.1", port: 1 });
    closers.push(() => reader.close());
    await expect(reader.read(block)).rejects.toMatchObject({ code: "bus.port-missing" });
  });
});
