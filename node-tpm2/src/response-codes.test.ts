import { describe, expect, it } from "vitest";
import { isRetryable, responseError, responseName } from "./response-codes.js";

describe("response codes", () => {
  it.each([
    [0x000, "TPM_RC_SUCCESS", "tpm.response"],
    [0x100, "TPM_RC_INITIALIZE", "tpm.response"],
    [0x101, "TPM_RC_FAILURE", "tpm.failure"],
    [0x12f, "TPM_RC_AUTH_UNAVAILABLE", "tpm.response"],
    [0x14c, "TPM_RC_NV_DEFINED", "tpm.response"],
    [0x18b, "TPM_RC_HANDLE (handle 1)", "tpm.response"],
    [0x1df, "TPM_RC_INTEGRITY (parameter 1)", "tpm.response"],
    [0x2c4, "TPM_RC_VALUE (parameter 2)", "tpm.response"],
    [0x902, "TPM_RC_OBJECT_MEMORY", "tpm.response"],
    [0x908, "TPM_RC_YIELDED", "tpm.busy"],
    [0x90a, "TPM_RC_TESTING", "tpm.busy"],
    [0x921, "TPM_RC_LOCKOUT", "tpm.locked"],
    [0x922, "TPM_RC_RETRY", "tpm.busy"],
    [0x98e, "TPM_RC_AUTH_FAIL (session 1)", "tpm.auth"],
    [0x9a2, "TPM_RC_BAD_AUTH (session 1)", "tpm.auth"],
    [0x149, "TPM_RC_NV_AUTHORIZATION", "tpm.response"],
    [0x97f, "TPM_RC_0x97f", "tpm.response"],
    [0x1bf, "TPM_RC_0x3f (handle 1)", "tpm.response"],
    // The kernel's resource manager puts its layer above the code.
    [0x000b0143, "TPM_RC_COMMAND_CODE", "tpm.response"],
  ])("0x%s is %s, %s", (responseCode, name, code) => {
    expect(responseName(responseCode)).toBe(name);
    expect(responseError("TPM2_Sign", responseCode)).toMatchObject({
      code,
      responseCode,
      responseName: name,
    });
  });

  it("tells the three that ask for another try from all others", () => {
    const retryable = Array.from({ length: 0x1000 }, (_, code) => code).filter(isRetryable);
    expect(retryable).toEqual([0x908, 0x90a, 0x922]);
  });

  it("names command, code and number in the message", () => {
    expect(responseError("TPM2_Sign", 0x921).message).toBe(
      "TPM2_Sign was refused: TPM_RC_LOCKOUT, 0x921",
    );
  });
});
