/** Who takes part in a neighbourhood. */
export const organisationNames = ["operator", "utility", "community"] as const;
export type OrganisationName = (typeof organisationNames)[number];

/** One organisation and what it runs besides its CA. */
export interface OrganisationSpec {
  readonly name: OrganisationName;
  readonly mspId: string;
  /** Attributes of its administrator's certificate: what the contracts let him do besides running his nodes. */
  readonly adminAttributes: Readonly<Record<string, string>>;
}

/** Who runs what, on which channel, and who must agree. */
export interface Topology {
  readonly name: TopologyName;
  readonly channel: string;
  readonly chaincode: { readonly name: string; readonly version: string };
  /** Each runs a CA, a Raft orderer, a peer and a chaincode process. */
  readonly organisations: readonly OrganisationSpec[];
  /** How many organisations' peers must endorse a transaction. */
  readonly endorsements: number;
}

export type TopologyName = "neighbourhood";

export const topologies: Readonly<Record<TopologyName, Topology>> = {
  neighbourhood: {
    name: "neighbourhood",
    channel: "neighbourhood",
    chaincode: { name: "powershare", version: "1" },
    organisations: [
      {
        name: "operator",
        mspId: "OperatorMSP",
        adminAttributes: { role: "operator", microgrid: "neighbourhood", participant: "operator" },
      },
      { name: "utility", mspId: "UtilityMSP", adminAttributes: {} },
      { name: "community", mspId: "CommunityMSP", adminAttributes: {} },
    ],
    endorsements: 2,
  },
};

/** The chaincode's endorsement policy in Fabric's notation, e.g. `OutOf(2,'OperatorMSP.peer',…)`. */
export function endorsementPolicy({ endorsements, organisations }: Topology): string {
  const peers = organisations.map(({ mspId }) => `'${mspId}.peer'`);
  return `OutOf(${endorsements},${peers.join(",")})`;
}
