import type { X509Certificate } from "node:crypto";
import { elements, inside, oidText } from "./der.js";

/** What RFC 5280 path validation needs of a certificate and Node does not tell. */
export interface Extensions {
  /** cA of the basic constraints. */
  readonly ca: boolean;
  /** How many further CAs may stand below this one. */
  readonly pathLength: number | undefined;
  /** keyCertSign of the key usage; undefined where there is no key usage. */
  readonly signsCertificates: boolean | undefined;
  /** Purposes of the extended key usage; undefined where there is none. */
  readonly purposes: readonly string[] | undefined;
  /** Critical extensions that are not understood here: with one, a certificate must not be taken. */
  readonly unknownCritical: readonly string[];
}

const oids = {
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  certificatePolicies: "2.5.29.32",
  extendedKeyUsage: "2.5.29.37",
} as const;
const understood: ReadonlySet<string> = new Set(Object.values(oids));
const keyCertSign = 0x04;

/** @throws RangeError for a certificate whose DER cannot be followed */
export function extensionsOf({ raw }: X509Certificate): Extensions {
  const [certificate] = elements(raw);
  const [toBeSigned] = inside(certificate);
  const list = inside(toBeSigned).find(({ tag }) => tag === 0xa3);
  const found = new Map<string, { critical: boolean; value: Uint8Array }>();
  for (const extension of list === undefined ? [] : inside(inside(list, 0xa3)[0])) {
    const [id, ...rest] = inside(extension);
    const value = rest.at(-1);
    if (id?.tag !== 0x06 || value?.tag !== 0x04) throw new RangeError("an extension is none");
    const oid = oidText(id.content);
    if (found.has(oid)) throw new RangeError(`extension ${oid} comes twice`);
    const critical = rest.length > 1 && rest[0]?.tag === 0x01 && rest[0].content[0] === 0xff;
    found.set(oid, { critical, value: value.content });
  }
  const usage = found.get(oids.keyUsage)?.value;
  const purposes = found.get(oids.extendedKeyUsage)?.value;
  return {
    ...constraints(found.get(oids.basicConstraints)?.value),
    signsCertificates: usage && ((elements(usage)[0]?.content[1] ?? 0) & keyCertSign) !== 0,
    purposes: purposes && inside(elements(purposes)[0]).map(({ content }) => oidText(content)),
    unknownCritical: [...found].flatMap(([oid, { critical }]) =>
      critical && !understood.has(oid) ? [oid] : [],
    ),
  };
}

function constraints(value: Uint8Array | undefined): Pick<Extensions, "ca" | "pathLength"> {
  if (value === undefined) return { ca: false, pathLength: undefined };
  const parts = inside(elements(value)[0]);
  const flag = parts.find(({ tag }) => tag === 0x01);
  const length = parts.find(({ tag }) => tag === 0x02);
  return {
    ca: flag?.content[0] === 0xff,
    pathLength: length && Number(`0x${Buffer.from(length.content).toString("hex")}`),
  };
}
