import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSwtpm, Tpm } from "node-tpm2";
import { equipWithCertificate, type Maker, startSwtpm } from "node-tpm2/testing";
import { openGateway, ScanLine, type TestMeter } from "./scan-line.js";

/** What an installer stands in front of: meters on a line, and a device whose chip its maker certified. */
export interface Cabinet {
  readonly folder: string;
  /** Path of the serial port. */
  readonly line: string;
  /** HOST:PORT of a serial gateway to the same meters, where no baud rates are tried. */
  readonly gateway: string;
  readonly swtpm: string;
  close(): Promise<void>;
}

export async function openCabinet(meters: readonly TestMeter[], maker: Maker): Promise<Cabinet> {
  const folder = mkdtempSync(join(tmpdir(), "cabinet-"));
  const [line, gateway, tpm] = await Promise.all([
    ScanLine.open(meters),
    openGateway(meters),
    startSwtpm({ stateDir: join(folder, "tpm"), socketPath: join(folder, "tpm.sock") }),
  ]);
  const client = await Tpm.open(openSwtpm({ path: tpm.socketPath }));
  await equipWithCertificate(client, maker);
  await client.close();
  return {
    folder,
    line: line.path,
    gateway: gateway.place,
    swtpm: tpm.socketPath,
    close: async () => {
      await line.close();
      gateway.close();
      await tpm.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
