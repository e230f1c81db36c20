import { createHash, generateKeyPairSync, verify } from "node:crypto";
import { expect, test } from "vitest";
import { softwareSigner } from "./software-signer.js";

test("signs a digest so that the message verifies", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const sign = softwareSigner(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const message = Buffer.from("a transaction");
  const signature = await sign(createHash("sha256").update(message).digest());
  expect(verify("sha256", message, publicKey, signature)).toBe(true);
});
