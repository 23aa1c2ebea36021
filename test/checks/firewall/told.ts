import { firewallWarnings } from "../../../components/checks/firewall/firewall";
import { type Flow } from "../../../components/wire/flow";
import { observation } from "../../support/builders";
import { unitOf } from "../../support/units";

export interface Wanted {
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

export const BRIDGE: Wanted = {
    text: `docker network lan: bridge br-lan subnet 10.60.0.0/24 gateway 10.60.0.1 ip-range 10.60.0.0/26 mtu 1500 masquerade false
link br-lan: bridge mtu 1500
nft forward 5-closed: oifname br-lan drop
`,
};

export const WAY_OUT = (bridge: string, program = "iptables") =>
    `its firewall (chain FORWARD of table ip filter${program === "iptables" ? "" : ` (${program})`}) drops traffic that leaves ${bridge}; to let it through:
    ${program} -I FORWARD -i ${bridge} -j ACCEPT
    ${program} -I FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`;

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
