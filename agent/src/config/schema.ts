import { isZone } from "@powershare/domain/calendar";
import { meterRole } from "@powershare/domain/evidence";
import { participantId } from "@powershare/domain/ledger";
import { site as wiringSite } from "@powershare/domain/wiring";
import { z } from "zod";

const file = z.string().min(1).describe("Path, relative to this file or absolute");
const pollIntervalMs = z.int().min(100).max(60_000);
const microPerKwh = z.int().min(0).max(1_000_000_000);

const meter = z.strictObject({
  unit: z.int().min(1).max(247).describe("Modbus unit id"),
  profile: z
    .string()
    .regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, "maker/model, as `powershare profile list` prints it"),
  role: meterRole,
  serialNumber: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,32}$/, "the serial number in quotes, letters, digits and dashes")
    .optional()
    .describe("Left out: the first one seen is kept from then on"),
  fuseA: z
    .int()
    .min(1)
    .max(1000)
    .describe("Rating of the main fuse; bounds what a register can rise"),
  phases: z.union([z.literal(1), z.literal(3)]),
  pollIntervalMs: pollIntervalMs
    .optional()
    .describe("From one reading of this meter to the next; left out: as for the bus"),
});

const endpointText = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:/[\]]+)):(\d{1,5})$/;

const endpoint = z
  .string()
  .regex(endpointText, "host:port; an IPv6 address in brackets")
  .transform((text, context) => {
    const [, address, name, digits] = endpointText.exec(text) ?? [];
    const port = Number(digits);
    if (port < 1 || port > 65_535) context.addIssue("a port from 1 to 65535");
    return { host: address ?? name ?? "", port };
  });

const serial = z.union(
  [
    file.describe("Serial device, e.g. /dev/ttyUSB0"),
    z.strictObject({
      adapter: z
        .string()
        .regex(/^[\w.:-]{1,64}$/, "USB serial number of the adapter, or vendor:product")
        .describe("USB serial number of the adapter, or where it has none its vendor:product"),
    }),
  ],
  { error: "a path, or { adapter: its USB serial number, or vendor:product }" },
);

const transports = ["serial", "tcp", "rtuOverTcp"] as const;

const bus = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]{1,20}$/, "lower-case letters, digits and dashes, at most 20"),
    serial: serial.optional(),
    tcp: endpoint.optional().describe("Modbus TCP, host:port"),
    rtuOverTcp: endpoint.optional().describe("RTU frames through a serial gateway, host:port"),
    baudRate: z.int().min(1200).max(115_200).default(9600),
    parity: z.enum(["none", "even", "odd"]).default("none"),
    stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
    pollIntervalMs: pollIntervalMs.default(1000),
    timeoutMs: z
      .int()
      .min(50)
      .max(10_000)
      .default(500)
      .describe("How long a meter may take to answer"),
    meters: z.array(meter).min(1).max(16),
  })
  .superRefine((bus, context) => {
    const given = transports.filter((transport) => bus[transport] !== undefined);
    if (given.length === 1) return;
    const message = "exactly one of serial, tcp and rtuOverTcp";
    context.addIssue({ code: "custom", path: [given[1] ?? "serial"], message });
  });
export type BusConfig = z.infer<typeof bus>;

const ledger = z.strictObject({
  endpoint: z.string().regex(/^[^\s:/]+:\d{1,5}$/, "host:port of the peer"),
  tlsHostname: z.string().min(1),
  tlsRootCertificate: file,
  mspId: z.string().min(1),
  certificate: file,
  channel: z.string().min(1),
  chaincode: z.string().min(1),
  retryMaxMs: z.int().min(1000).max(3_600_000).default(300_000),
});

const registrar = z.strictObject({
  url: z.url({ protocol: /^https$/ }).describe("The operator's registrar, https://host:port"),
  tlsRootCertificate: file,
  renewFromDays: z
    .int()
    .min(1)
    .max(366)
    .default(30)
    .describe("Days before its end from which on the certificate is renewed"),
});

const market = z.strictObject({
  sell: z
    .strictObject({ enabled: z.boolean(), minMicroPerKwh: microPerKwh })
    .default({ enabled: false, minMicroPerKwh: 0 }),
  buy: z
    .strictObject({ enabled: z.boolean(), maxMicroPerKwh: microPerKwh })
    .default({ enabled: false, maxMicroPerKwh: 0 }),
});

const slots = z.strictObject({
  seconds: z.int().min(5).max(3600).default(900),
  /** A boundary reading later than this makes a gap: 9 s is 1 % of 15 min (PTB-A 50.8). */
  boundaryToleranceMs: z.int().min(100).max(60_000).default(9000),
  checkpointSeconds: z.int().min(1).max(60).default(60),
});

const time = z.strictObject({
  zone: z
    .string()
    .refine(isZone, "an IANA time zone, e.g. Europe/Lisbon")
    .optional()
    .describe("Whose days the page counts; left out: the zone of the system"),
  keptBy: z
    .enum(["auto", "host"])
    .default("auto")
    .describe("auto: whoever keeps this machine's time is asked. host: it is kept from outside"),
  compareWith: z
    .array(z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, "name or address of a time server"))
    .max(5)
    .default([])
    .describe("Time servers whose time is compared with this clock every 15 min"),
});

const store = z.strictObject({
  keepDays: z
    .int()
    .min(7)
    .max(3650)
    .default(90)
    .describe("How long raw readings are kept; intervals and packages are kept for good"),
  maxMiB: z
    .int()
    .min(256)
    .max(1_000_000)
    .default(8192)
    .describe("What the store may hold; above it older readings go before their time"),
  reserveMiB: z
    .int()
    .min(0)
    .max(100_000)
    .default(512)
    .describe(
      "Set aside for readings when the disk is full: a week of three meters read every second",
    ),
});

const site = wiringSite
  .pick({ latitude: true, longitude: true, pv: true, storage: true, ev: true })
  .strict()
  .extend({
    sealNumber: z.string().min(1).max(64).optional().describe("Of the seal put on the cabinet"),
  });

/** The agent's whole configuration. Unknown keys are errors. */
export const configSchema = z
  .strictObject({
    participant: participantId,
    dataDir: file,
    buses: z.array(bus).min(1).max(4),
    site: site
      .optional()
      .describe("What stands at the house; left out: rules on sun and storage rest"),
    tpm: z.union([z.strictObject({ device: file }), z.strictObject({ swtpm: file })], {
      error: "either { device: /dev/tpmrm0 } or { swtpm: path of its socket }",
    }),
    slots: slots.prefault({}),
    store: store.prefault({}),
    time: time.prefault({}),
    ledger,
    registrar: registrar
      .optional()
      .describe("Where the certificate is renewed; left out: by people, with powershare enrol"),
    market: market.prefault({}),
    http: z
      .strictObject({
        host: z.string().default("127.0.0.1"),
        port: z.int().min(0).max(65_535).default(8080),
      })
      .prefault({}),
    log: z
      .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
      .prefault({}),
  })
  .superRefine((config, context) => {
    const meters = config.buses.flatMap((bus) => bus.meters);
    if (meters.filter((meter) => meter.role === "connection").length !== 1) {
      context.addIssue({
        code: "custom",
        path: ["buses"],
        message: "exactly one meter with role connection",
      });
    }
    if (meters.filter((meter) => meter.role === "generator").length > 1) {
      context.addIssue({
        code: "custom",
        path: ["buses"],
        message: "at most one meter with role generator",
      });
    }
    for (const [index, bus] of config.buses.entries()) {
      if (new Set(bus.meters.map((meter) => meter.unit)).size < bus.meters.length) {
        context.addIssue({
          code: "custom",
          path: ["buses", index, "meters"],
          message: "a unit id of its own for each meter of a bus",
        });
      }
    }
    const lines = config.buses.map(({ serial, tcp, rtuOverTcp }) =>
      JSON.stringify([serial, tcp, rtuOverTcp]),
    );
    if (new Set(lines).size < lines.length) {
      context.addIssue({
        code: "custom",
        path: ["buses"],
        message: "a line of its own for each bus; meters on one line belong to one bus",
      });
    }
    if (new Set(config.buses.map((bus) => bus.id)).size < config.buses.length) {
      context.addIssue({
        code: "custom",
        path: ["buses"],
        message: "an id of its own for each bus",
      });
    }
  });
export type Config = z.infer<typeof configSchema>;
