import { firewallWarnings } from "../../../components/checks/firewall/firewall";
import { observation } from "../../support/builders";

const DROP = [
    "table inet admin {",
    "chain forward {",
    "type filter hook forward priority filter; policy drop;",
];

function told(address: string): string[] {
    const addresses = ["lo 192.168.9.1/32 65536", "eth0 192.168.40.11/24 1500"];
    const range = "10.42.2.0/24";
    const flow = {
        kind: "forward",
        bridge: "ch-mesh",
        by: { address },
        range,
        own: "10.42.1.1",
    } as const;
    const seen = observation({ facts: new Map([["address", addresses]]), rules: DROP });
    return firewallWarnings({ wanted: [], flows: [flow] }, seen);
}

test("packets that come in by the NIC that has the host's address", () => {
    expect(told("192.168.40.11")).toEqual([
        `its firewall (chain forward of table inet admin) drops traffic from eth0 to ch-mesh or back; to let it through (write it into the file that the rules are loaded from, too):
    nft insert rule inet admin forward iifname "eth0" oifname "ch-mesh" accept
    nft insert rule inet admin forward iifname "ch-mesh" oifname "eth0" accept`,
    ]);
});

test("nothing where no NIC has it", () => {
    expect(told("192.168.9.1")).toEqual([]);
});
