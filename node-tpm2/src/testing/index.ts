export {
  type CertificateOptions,
  equipWithCertificate,
  type Maker,
  simulatedMaker,
  writeCertificate,
} from "./maker.js";
export { type RunningSwtpm, startSwtpm } from "./swtpm.js";
