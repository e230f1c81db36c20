export { type CertifyingIdentity, certificationOf, csrOf } from "./device-proofs.js";
export { type RegistrarAddress, RegistrarClient } from "./registrar-client.js";
export { type Renewal, renewCertificate, requireOwnKey } from "./renewal.js";
