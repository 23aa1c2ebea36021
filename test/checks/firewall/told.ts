import { firewallWarnings } from "../../../components/checks/firewall/firewall";
import { type Flow } from "../../../components/wire/flow";
import { observation } from "../../support/builders";
import { unitOf } from "../../support/units";

interface Wanted {
    readonly text: string;
    readonly flows?: readonly Flow[];
}

export const UNIT: Wanted = {
    text: `docker network mesh: bridge ch-mesh subnet 10.42.0.0/16 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1450 masquerade false
link ch-mesh: bridge mtu 1450
link vx-mesh: vxlan id 42 local 192.168.40.11 dstport 20473 nolearning mtu 1450
`,
    flows: [
        {
            kind: "udp",
            device: "vx-mesh",
            port: 20473,
            to: "192.168.40.11",
            from: ["192.168.40.12", "192.168.40.13"],
        },
        {
            kind: "forward",
            bridge: "ch-mesh",
            by: { device: "vx-mesh" },
            range: "10.42.0.0/16",
            own: "10.42.1.1",
        },
    ],
};

/** A tunnel whose packets are of a protocol of IP, which is all that firewalls are asked about. */
export const tunnelOf = (protocol: number): Wanted => ({
    text: "",
    flows: [
        {
            kind: "protocol",
            protocol,
            device: "tn-mesh",
            to: "192.168.40.11",
            from: ["192.168.40.12", "192.168.40.13"],
        },
    ],
});

export const BRIDGE: Wanted = {
    text: `docker network lan: bridge br-lan subnet 10.60.0.0/24 gateway 10.60.0.1 ip-range 10.60.0.0/26 mtu 1500 masquerade false
link br-lan: bridge mtu 1500
nft forward 5-closed: oifname br-lan drop
`,
};

/** What is said of a firewall that forgets commands when its rules are loaded anew. */
export const OPENS =
    "to let it through (write it into the file that the rules are loaded from, too)";
const OF_BRIDGE = (bridge: string, program: string) => ({
    what: `traffic that leaves ${bridge}, and traffic to published ports behind ${bridge}`,
    commands: `    ${program} -I FORWARD -i ${bridge} -j ACCEPT
    ${program} -I FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    ${program} -I FORWARD -o ${bridge} -m conntrack --ctstate DNAT -j ACCEPT
    ${program} -I FORWARD -i ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
});
const FORWARD_OF = (program: string) =>
    `chain FORWARD of table ip filter${program === "iptables" ? "" : ` (${program})`}`;
export const WAYS_OF_BRIDGE = (bridge: string, program = "iptables") => {
    const { what, commands } = OF_BRIDGE(bridge, program);
    return `its firewall (${FORWARD_OF(program)}) drops ${what}; ${OPENS}:\n${commands}`;
};
export const ALL_FORWARDED = (program = "iptables") => {
    const { what, commands } = OF_BRIDGE("ch-mesh", program);
    return `its firewall (${FORWARD_OF(program)}) drops traffic from vx-mesh to ch-mesh or back, and ${what}; ${OPENS}:
    ${program} -I FORWARD -i vx-mesh -o ch-mesh -j ACCEPT
    ${program} -I FORWARD -i ch-mesh -o vx-mesh -j ACCEPT
${commands}`;
};

export function told(...tables: string[]): string[] {
    return toldWith([], ...tables);
}

export function toldWith(more: [string, string[]][], ...tables: string[]): string[] {
    return toldOf(UNIT, more, ...tables);
}

export function toldOf(unit: Wanted, more: [string, string[]][], ...tables: string[]): string[] {
    const rules = tables
        .join("\n")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && line !== "}");
    const addresses = [
        "lo 192.168.9.1/32 65536",
        "docker0 172.17.0.1/16 1500",
        "eth0 192.168.40.11/24 1500",
    ];
    const facts = new Map([["address", addresses], ...more]);
    const { text, flows } = unit;
    return firewallWarnings({ wanted: unitOf(text), flows }, observation({ facts, rules }));
}

export const NEEDS = "UDP to port 20473 from 192.168.40.12, 192.168.40.13, which vx-mesh needs";
