import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { endorsementPolicy, topologies } from "../topology.js";
import { networkFiles } from "./layout.js";
import type { OrganisationPorts } from "./ports.js";
import {
  membersOf,
  overlay,
  renderCa,
  renderConfigtx,
  renderNodeOus,
  renderOrderer,
  renderPeer,
} from "./render.js";

const topology = topologies.neighbourhood;
const portsFrom = (first: number): OrganisationPorts => ({
  ca: first,
  caOperations: first + 1,
  orderer: first + 2,
  ordererAdmin: first + 3,
  ordererOperations: first + 4,
  peer: first + 5,
  peerOperations: first + 6,
  chaincode: first + 7,
});
const ports = {
  operator: portsFrom(20_000),
  utility: portsFrom(20_100),
  community: portsFrom(20_200),
};
const members = membersOf(topology, ports, networkFiles("/net"));
const [operator] = members;
if (!operator) throw new Error("the topology has an operator");

const read = (yaml: string): unknown => parse(yaml);

/** Values of all keys whose name matches, wherever they stand. */
function valuesOf(tree: unknown, name: RegExp): unknown[] {
  if (typeof tree !== "object" || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    name.test(key) && typeof value !== "object" ? [value] : valuesOf(value, name),
  );
}

describe("what a node is told", () => {
  const peer = renderPeer(operator);
  const orderer = renderOrderer(operator, ["/a/tlsca.pem", "/b/tlsca.pem"]);
  const { ca, tlsCa } = renderCa(operator, "s3cret");

  test.each(Object.entries({ peer, orderer, ca }))("%s listens on this machine only", (_, yaml) => {
    const addresses = valuesOf(read(yaml), /^(chaincode)?listenAddress$|^address$/i).map(String);
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(address).toMatch(/^(127\.0\.0\.1|localhost)(:\d+)?$/);
  });

  test("all speak TLS only, and an orderer's administrator proves who he is", () => {
    expect(read(peer)).toHaveProperty("peer.tls.enabled", true);
    expect(read(ca)).toHaveProperty("tls.enabled", true);
    expect(read(orderer)).toHaveProperty("General.TLS.Enabled", true);
    expect(read(orderer)).toMatchObject({
      Admin: { TLS: { Enabled: true, ClientAuthRequired: true } },
    });
  });

  test("an orderer trusts the TLS CAs of the whole cluster", () => {
    const trusted = ["/a/tlsca.pem", "/b/tlsca.pem"];
    expect(read(orderer)).toHaveProperty("General.Cluster.RootCAs", trusted);
  });

  test("a peer needs no Docker", () => {
    expect(read(peer)).toHaveProperty("vm.endpoint", "");
    expect(read(peer)).toHaveProperty("chaincode.externalBuilders[0].name", "ccaas");
  });

  test("only the identity CA's file holds the registrar's secret, good for one certificate", () => {
    const identities = [{ pass: "s3cret", maxenrollments: 1 }];
    expect(read(ca)).toMatchObject({ registry: { identities } });
    expect(tlsCa).not.toContain("s3cret");
  });

  test("an identity's kind comes from its organisational unit", () => {
    const units = read(renderNodeOus());
    expect(units).toHaveProperty("NodeOUs.Enable", true);
    const kinds = ["client", "peer", "admin", "orderer"];
    expect(valuesOf(units, /^OrganizationalUnitIdentifier$/)).toEqual(kinds);
  });
});

describe("the channel's first block", () => {
  const block = read(renderConfigtx(members));

  test.each(["Orderer", "Application"])(
    "names every organisation's orderer and anchor peer (%s)",
    (part) => {
      expect(block).toMatchObject({
        Profiles: {
          Neighbourhood: {
            [part]: {
              Organizations: [
                {
                  ID: "OperatorMSP",
                  OrdererEndpoints: ["localhost:20002"],
                  AnchorPeers: [{ Port: 20_005 }],
                },
                {
                  ID: "UtilityMSP",
                  OrdererEndpoints: ["localhost:20102"],
                  AnchorPeers: [{ Port: 20_105 }],
                },
                {
                  ID: "CommunityMSP",
                  OrdererEndpoints: ["localhost:20202"],
                  AnchorPeers: [{ Port: 20_205 }],
                },
              ],
            },
          },
        },
      });
    },
  );

  test("has every organisation's orderer in the Raft cluster", () => {
    const consenters = [{ Port: 20_002 }, { Port: 20_102 }, { Port: 20_202 }];
    expect(block).toMatchObject({
      Profiles: { Neighbourhood: { Orderer: { EtcdRaft: { Consenters: consenters } } } },
    });
  });

  test("lets orderers alone sign blocks, and clients and administrators alone write", () => {
    const orderer = "Profiles.Neighbourhood.Orderer";
    expect(block).toHaveProperty(`${orderer}.Policies.BlockValidation.Rule`, "ANY BlockSigners");
    const policies = `${orderer}.Organizations[2].Policies`;
    expect(block).toHaveProperty(`${policies}.BlockSigners.Rule`, "OR('CommunityMSP.orderer')");
    expect(block).toHaveProperty(
      `${policies}.Writers.Rule`,
      "OR('CommunityMSP.admin','CommunityMSP.client')",
    );
    expect(block).toHaveProperty(`${policies}.Endorsement.Rule`, "OR('CommunityMSP.peer')");
  });
});

test("two of the three peers endorse", () => {
  expect(endorsementPolicy(topology)).toBe(
    "OutOf(2,'OperatorMSP.peer','UtilityMSP.peer','CommunityMSP.peer')",
  );
});

test("changes laid over a template keep what they do not mention and replace lists", () => {
  expect(
    overlay(
      { a: { b: 1, c: { d: 2 } }, list: [1, 2], e: 3 },
      { a: { c: { f: 4 } }, list: [5], e: { g: 6 } },
    ),
  ).toEqual({ a: { b: 1, c: { d: 2, f: 4 } }, list: [5], e: { g: 6 } });
});
