/** Imported before fabric-shim, which reads its level once: refusals are what the tests are about. */
process.env["CORE_CHAINCODE_LOGGING_LEVEL"] = "CRITICAL";
