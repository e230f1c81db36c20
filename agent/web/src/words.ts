import type { Format } from "./format.js";
import type { Messages } from "./i18n/messages.js";

/** What every part of the page needs to speak the reader's language. */
export interface Words {
  readonly messages: Messages;
  readonly format: Format;
}
