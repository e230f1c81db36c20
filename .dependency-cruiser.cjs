// The walls of docs/architecture.md. A new arrow between rooms is a decision: change this file in the same commit as its reason.
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: `^${from}/`, pathNot: "\\.test\\.tsx?$" },
  to: {
    path: "^(domain|node-tpm2|modbus|firmware-profiles|peer-config|agent|provisioning|simulator)/",
    pathNot: [from, ...allowed].map((p) => `^${p}/`),
  },
});
module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    only("domain-alone", "domain", [], "domain imports nothing of ours"),
    only("tpm-alone", "node-tpm2", [], "a library that could be published by itself"),
    only("modbus-alone", "modbus", [], "a library that could be published by itself"),
    only("profiles-alone", "firmware-profiles", [], "device data and its tools stand alone"),
    only("fabric-alone", "peer-config/fabric", [], "the network knows nothing of the market"),
    only("chaincode", "peer-config/chaincode", ["domain"], "chaincode is thin over domain"),
    only("ledger-client", "peer-config/ledger-client", ["domain"], "typed client of the contracts"),
    only(
      "registrar-client",
      "peer-config/registrar-client",
      ["domain", "node-tpm2", "peer-config/fabric"],
      "a device's calls of the registrar: one renewal for the installer's command and for the agent",
    ),
    only(
      "agent",
      "agent",
      [
        "domain",
        "node-tpm2",
        "modbus",
        "firmware-profiles",
        "peer-config/ledger-client",
        "peer-config/registrar-client",
      ],
      "the agent never reaches into chaincode, tools or simulator",
    ),
    only(
      "provisioning",
      "provisioning/(src|bin)",
      [
        "domain",
        "node-tpm2",
        "modbus",
        "firmware-profiles",
        "peer-config/ledger-client",
        "peer-config/registrar-client",
        "peer-config/fabric",
      ],
      "tools reach a running agent, and the registrar, only through their APIs",
    ),
    only(
      "registrar",
      "provisioning/registrar",
      ["domain", "node-tpm2", "peer-config/ledger-client", "peer-config/fabric"],
      "the registrar needs no meters, and its devices no code of it",
    ),
    only(
      "simulator",
      "simulator",
      [
        "domain",
        "node-tpm2",
        "modbus",
        "firmware-profiles",
        "peer-config/ledger-client",
        "peer-config/fabric",
      ],
      "the simulator reaches the agent only through a serial line, HTTP and the ledger; it makes TPMs and certifies them",
    ),
    {
      name: "doors-only",
      comment: "a workspace is entered by its package name, never by a path into its sources",
      severity: "error",
      from: { path: "^((?:peer-config/|provisioning/(?=registrar/))?[^/]+)/" },
      to: {
        path: "^(domain|node-tpm2|modbus|firmware-profiles|peer-config/[^/]+|agent|provisioning/registrar|provisioning|simulator)/",
        pathNot: "^$1/",
        dependencyTypes: ["local"],
      },
    },
    {
      name: "domain-is-pure",
      comment: "no I/O, no native module: domain runs in chaincode and in a browser",
      severity: "error",
      from: { path: "^domain/src", pathNot: "\\.test\\.ts$" },
      to: { pathNot: ["^domain/src", "node_modules/zod"] },
    },
    {
      name: "ports-know-no-one",
      severity: "error",
      from: { path: "^agent/src/ports/" },
      to: { path: "^agent/src/(app|adapters|main)" },
    },
    {
      name: "app-speaks-to-ports",
      severity: "error",
      from: { path: "^agent/src/app/", pathNot: "\\.test\\.ts$" },
      to: {
        path: "^agent/src/(adapters|main)|^(node-tpm2|modbus|peer-config)/|better-sqlite3|fastify",
      },
    },
    {
      name: "adapters-speak-to-ports",
      severity: "error",
      from: { path: "^agent/src/adapters/", pathNot: "\\.test\\.ts$" },
      to: { path: "^agent/src/(app|main)" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(/dist/|\\.d\\.ts$)" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "import", "node", "default"],
      extensions: [".ts", ".tsx", ".js", ".json"],
    },
  },
};
