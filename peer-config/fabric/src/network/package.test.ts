import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { packageChaincode } from "./package.js";

/** Files of a tar archive, read independently of the writer. */
function untar(gzip: Uint8Array): Map<string, Buffer> {
  const tar = gunzipSync(gzip);
  const files = new Map<string, Buffer>();
  for (let at = 0; tar[at] !== 0; ) {
    const header = tar.subarray(at, at + 512);
    const text = (from: number, to: number) =>
      header.toString("ascii", from, to).replace(/\0.*$/s, "");
    const size = Number.parseInt(text(124, 136), 8);
    const blanked = Buffer.from(header).fill(" ", 148, 156);
    const checksum = blanked.reduce((sum, byte) => sum + byte, 0);
    expect(Number.parseInt(text(148, 154), 8)).toBe(checksum);
    expect([text(108, 116), text(116, 124), text(136, 148)].map(Number)).toEqual([0, 0, 0]);
    files.set(text(0, 100), tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

test("a chaincode package holds what Fabric expects, and neither address nor key", () => {
  const files = untar(packageChaincode("powershare_1").bytes);
  expect([...files.keys()]).toEqual(["code.tar.gz", "metadata.json"]);
  expect(JSON.parse(files.get("metadata.json")!.toString())).toEqual({
    label: "powershare_1",
    type: "ccaas",
  });
  expect([...untar(files.get("code.tar.gz")!).keys()]).toEqual(["chaincode.json"]);
});

// Every organisation must get this id on its own machine, with its own Node; a change means a new approval by all.
test("a chaincode package is the same on every machine", () => {
  const { bytes, packageId } = packageChaincode("powershare_1");
  expect(packageId).toBe(`powershare_1:${createHash("sha256").update(bytes).digest("hex")}`);
  expect(packageId).toBe(
    "powershare_1:b00d9cb5efddb52bddc4e2f0b2b4a59801dc6d06736816c1d138fea536d32198",
  );
});

test("another label gives another package", () => {
  expect(packageChaincode("powershare_2").packageId).not.toContain(
    packageChaincode("powershare_1").packageId.slice(-64),
  );
});
