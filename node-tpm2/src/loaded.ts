import type { Command, LoadedHandle } from "./commands/command.js";
import { flushContext } from "./commands/lifecycle.js";
import type { LoadedObject } from "./commands/objects.js";
import { TpmError, type TpmErrorCode } from "./errors.js";
import type { Tpm } from "./tpm.js";

/** Unloads an object or session; one that a lost channel or a reset has unloaded already is no failure. */
export async function flush(tpm: Tpm, handle: LoadedHandle): Promise<void> {
  const gone: readonly TpmErrorCode[] = ["tpm.reopened", "tpm.unavailable", "tpm.timeout"];
  try {
    await tpm.run(flushContext(handle));
  } catch (error) {
    if (!(error instanceof TpmError) || !gone.includes(error.code)) throw error;
  }
}

/** Loads an object for as long as `use` takes. */
export async function whileLoaded<T>(
  tpm: Tpm,
  loading: Command<LoadedObject>,
  use: (object: LoadedObject) => T | Promise<T>,
): Promise<T> {
  const object = await tpm.run(loading);
  try {
    return await use(object);
  } finally {
    await flush(tpm, object.handle);
  }
}
