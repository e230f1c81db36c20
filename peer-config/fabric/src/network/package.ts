import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

export interface ChaincodePackage {
  readonly bytes: Uint8Array;
  /** `label:sha256`, as Fabric computes it: the same on every machine. */
  readonly packageId: string;
}

/**
 * The package that every organisation installs (Fabric: tar.gz of metadata.json and code.tar.gz). It says only which
 * kind of chaincode it is; where the service listens and with which keys stays with each organisation.
 */
export function packageChaincode(label: string): ChaincodePackage {
  const bytes = tarGz([
    ["code.tar.gz", tarGz([["chaincode.json", json({ label })]])],
    ["metadata.json", json({ label, type: "ccaas" })],
  ]);
  const hash = createHash("sha256").update(bytes).digest("hex");
  return { bytes, packageId: `${label}:${hash}` };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** Same files, same bytes: sorted by the caller, no times or owners, stored uncompressed because deflate varies with zlib. */
function tarGz(files: readonly (readonly [name: string, contents: Uint8Array])[]): Uint8Array {
  const entries = files.flatMap(([name, contents]) => [
    tarHeader(name, contents.length),
    contents,
    Buffer.alloc(padding(contents.length)),
  ]);
  const gzip = gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]), { level: 0 });
  gzip.set([0, 255], 8); // extra flags and operating system: none, unknown (RFC 1952 §2.3.1)
  return gzip;
}

const BLOCK = 512;

function padding(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK;
}

/** POSIX.1-1988 ustar header of a regular file, mode 0644, time and owner 0. */
function tarHeader(name: string, size: number): Uint8Array {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(" ".repeat(8), 148); // the checksum counts itself as spaces
  header.write("0", 156);
  header.write("ustar\x0000", 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${octal(checksum, 6)} `, 148);
  return header;
}
