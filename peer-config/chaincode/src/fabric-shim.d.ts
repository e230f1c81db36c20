declare module "fabric-shim/lib/contract-spi/chaincodefromcontract.js" {
  import type { Contract, JSONSerializer } from "fabric-contract-api";
  import type { ChaincodeInterface } from "fabric-shim";

  /** Untyped in fabric-shim 2.5.8: dispatches `contract:Name` to contract classes. */
  const ChaincodeFromContract: new (
    contractClasses: (new () => Contract)[],
    serializers: {
      transaction: string;
      serializers: Record<string, typeof JSONSerializer>;
    },
    metadata: object,
    title: string,
    version: string,
  ) => ChaincodeInterface;
  export = ChaincodeFromContract;
}
