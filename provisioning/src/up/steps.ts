import { channelsStep } from "./steps/channels.js";
import { checkStep } from "./steps/check.js";
import { configurationStep } from "./steps/configuration.js";
import { displayStep } from "./steps/display.js";
import { enrolmentStep } from "./steps/enrolment.js";
import { evidenceStep } from "./steps/evidence.js";
import { pageStep } from "./steps/page.js";
import { scanStep } from "./steps/scan.js";
import { tpmStep } from "./steps/tpm.js";
import { wiringStep } from "./steps/wiring.js";

/** In the order in which an installer goes through them. */
export const steps = [
  checkStep,
  scanStep,
  displayStep,
  channelsStep,
  wiringStep,
  tpmStep,
  enrolmentStep,
  configurationStep,
  evidenceStep,
  pageStep,
] as const;
