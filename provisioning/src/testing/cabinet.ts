import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSwtpm, Tpm } from "node-tpm2";
import { equipWithCertificate, type Maker, startSwtpm } from "node-tpm2/testing";
import { ScanLine, type TestMeter } from "./scan-line.js";

/** What an installer stands in front of: meters on a line, and a device whose chip its maker certified. */
export interface Cabinet {
  readonly folder: string;
  readonly line: string;
  readonly swtpm: string;
  close(): Promise<void>;
}

export async function openCabinet(meters: readonly TestMeter[], maker: Maker): Promise<Cabinet> {
  const folder = mkdtempSync(join(tmpdir(), "cabinet-"));
  const [line, tpm] = await Promise.all([
    ScanLine.open(meters),
    startSwtpm({ stateDir: join(folder, "tpm"), socketPath: join(folder, "tpm.sock") }),
  ]);
  const client = await Tpm.open(openSwtpm({ path: tpm.socketPath }));
  await equipWithCertificate(client, maker);
  await client.close();
  return {
    folder,
    line: line.path,
    swtpm: tpm.socketPath,
    close: async () => {
      await line.close();
      await tpm.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
