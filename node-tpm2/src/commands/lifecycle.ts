import type { Reader } from "../bytes.js";
import { Writer } from "../bytes.js";
import { type Command, command, type LoadedHandle, noResult } from "./command.js";

const SU_CLEAR = 0x0000;

/** TPM2_Startup with TPM_SU_CLEAR (TPM 2.0 Part 3, clause 9.3). */
export function startup(): Command<undefined> {
  return command({
    name: "TPM2_Startup",
    code: 0x144,
    parameters: new Writer().u16(SU_CLEAR).done(),
    parse: noResult,
  });
}

/**
 * TPM2_Shutdown with TPM_SU_CLEAR (Part 3, clause 9.4): saves orderly NV data and the dictionary-attack state,
 * so that the next start counts no failed attempt and the counter does not jump.
 */
export function shutdown(): Command<undefined> {
  return command({
    name: "TPM2_Shutdown",
    code: 0x145,
    parameters: new Writer().u16(SU_CLEAR).done(),
    parse: noResult,
  });
}

/** TPM2_FlushContext (Part 3, clause 28.4). `handle` is a loaded object or session, also one found by GetCapability. */
export function flushContext(handle: LoadedHandle | number): Command<undefined> {
  return command({
    name: "TPM2_FlushContext",
    code: 0x165,
    handles: [handle],
    parse: noResult,
  });
}

/** A page of what was asked for; `more` tells that the TPM has further values. */
interface Page<Value> {
  readonly values: readonly Value[];
  readonly more: boolean;
}

const CAP_HANDLES = 0x1;
const CAP_TPM_PROPERTIES = 0x6;

/** TPM2_GetCapability for handles from `first` on, at most `count` (Part 3, clause 30.2; Part 2, clause 10.10). */
export function getHandles(first: number, count: number): Command<Page<number>> {
  return getCapability(CAP_HANDLES, first, count, (reader) => reader.u32());
}

/** TPM2_GetCapability for TPM_PT properties from `first` on, at most `count`, as [property, value]. */
export function getProperties(
  first: number,
  count: number,
): Command<Page<readonly [number, number]>> {
  return getCapability(CAP_TPM_PROPERTIES, first, count, (reader) => [reader.u32(), reader.u32()]);
}

function getCapability<Value>(
  capability: number,
  first: number,
  count: number,
  readValue: (reader: Reader) => Value,
): Command<Page<Value>> {
  return command({
    name: "TPM2_GetCapability",
    code: 0x17a,
    parameters: new Writer().u32(capability).u32(first).u32(count).done(),
    parse: (reader) => {
      const more = reader.u8() !== 0;
      reader.expect(reader.u32(), capability, "capability");
      const length = reader.u32();
      if (length > count) throw reader.malformed(`${length} values, ${count} asked for`);
      return { values: Array.from({ length }, () => readValue(reader)), more };
    },
  });
}
