// The ways that packets of a unit take through a host, and what opens each.
import { isIPv4 } from "node:net";
import { networkAddress } from "../../wire/address";
import { type ForwardFlow, type Flow, GRE_PROTOCOL, type TunnelFlow } from "../../wire/flow";
import { listed } from "../../facts/words";
import { type Observation } from "../../facts/observation";
import { uplinksOf } from "../../entries/uplink/uplink";
import { networksOf } from "../../entries/network/network";
import { type Unit } from "../../wire/unit";
import { type Opening } from "./opening";
import { type Packet } from "./ruleset";

export interface Way {
    readonly packets: readonly Packet[];
    readonly what: string;
    readonly opening: Opening;
    /** The bridge of Docker's that it is about, and whether packets come from it. */
    readonly bridge?: { readonly name: string; readonly isSource: boolean };
}

type Facts = Observation["facts"];

/** Loopbacks, and bridges and tunnels, Docker's and ours. */
const NO_NIC = /^(lo$|dummy|docker\d|docker_|br-|ch-|vx-|gr-|ip-|wg-|g[nt][0-9a-z]+-)/;
/** Of an address that nobody has. */
const ELSEWHERE = "192.0.2.1";

export function waysOf(unit: Unit, flows: readonly Flow[], facts: Facts): Way[] {
    return [
        ...flows.flatMap((flow) =>
            flow.kind === "forward" ? passage(flow, facts) : tunnel(flow, facts),
        ),
        ...waysOfBridges(unit, facts),
        ...waysOfUplinks(unit, facts),
    ];
}

/** From each peer to a tunnel, and to each peer's. */
function tunnel({ device, to: own, from: peers, ...carrier }: TunnelFlow, facts: Facts): Way[] {
    const nic = nicOf(own, facts);
    const packet = { iifname: nic, carrier, daddr: own };
    const [what, to] =
        carrier.kind === "udp"
            ? [`UDP to port ${carrier.port}`, "of"]
            : [`${nameOf(carrier.protocol)} (IP protocol ${carrier.protocol})`, "to"];
    const addresses = peers.join(", ");
    return [
        {
            what: `${what} from ${addresses}, which ${device} needs`,
            packets: peers.map((saddr) => ({ hook: "input", ...packet, saddr })),
            opening: { what: "tunnel", peers, carrier },
        },
        {
            what: `${what} ${to} ${addresses}, which ${device} needs`,
            packets: peers.map((daddr) => ({
                hook: "output",
                iifname: "",
                oifname: nic,
                carrier,
                saddr: own,
                daddr,
            })),
            opening: { what: "peers' tunnel", peers, carrier },
        },
    ];
}

function nameOf(protocol: number): string {
    return protocol === GRE_PROTOCOL ? "GRE" : "IPIP";
}

/** What a bridge lets in by a rule of its own, from a device or the NIC that has the address. */
function passage({ bridge, by, range, own }: ForwardFlow, facts: Facts): Way[] {
    const device = "device" in by ? by.device : nicOf(by.address, facts);
    const peer = networkAddress(range);
    const there = { iifname: device, oifname: bridge, saddr: peer, daddr: own };
    return device === ""
        ? []
        : [
              {
                  what: `traffic from ${device} to ${bridge} or back`,
                  bridge: { name: bridge, isSource: false },
                  packets: [
                      { hook: "forward", ...there },
                      { hook: "forward", ...back(there) },
                  ],
                  opening: {
                      what: "passage",
                      range,
                      rules: [
                          { from: device, to: bridge },
                          { from: bridge, to: device },
                      ],
                  },
              },
          ];
}

/** What containers of a bridge send to elsewhere, and to each other where bridges are filtered, and who asks for published ports. */
function waysOfBridges(unit: Unit, facts: Facts): Way[] {
    const [nic = ""] = (facts.get("address") ?? [])
        .map((fact) => fact.split(" ")[0] ?? "")
        .filter((name) => !NO_NIC.test(name));
    const bridges = networksOf(unit).filter(({ driver }) => driver === "bridge" && nic !== "");
    return bridges.flatMap(({ link: bridge, subnet: range, gateway: own }): Way[] => {
        const out = { iifname: bridge, oifname: nic, saddr: own, daddr: ELSEWHERE };
        const answer = { ...back(out), of: "reply" } as const;
        const asked = { ...back(out), of: "published" } as const;
        const inside = { iifname: bridge, oifname: bridge, saddr: own, daddr: own };
        const ways: Way[] = [
            {
                what: `traffic that leaves ${bridge}`,
                packets: [out, answer].map((packet) => ({ hook: "forward", ...packet })),
                opening: {
                    what: "passage",
                    range,
                    rules: [{ from: bridge }, { to: bridge, of: "reply" }],
                },
            },
            {
                what: `traffic to published ports behind ${bridge}`,
                packets: [asked, { ...out, of: "published reply" } as const].map((packet) => ({
                    hook: "forward",
                    ...packet,
                })),
                opening: {
                    what: "passage",
                    range,
                    rules: [
                        { to: bridge, of: "published" },
                        { from: bridge, of: "reply" },
                    ],
                },
            },
            {
                what: `traffic between containers on ${bridge}`,
                packets: isFiltered(facts) ? [{ hook: "forward", ...inside }] : [],
                opening: { what: "passage", range, rules: [{ from: bridge, to: bridge }] },
            },
        ];
        return ways.map((way) => ({ ...way, bridge: { name: bridge, isSource: true } }));
    });
}

/** What a bridge with a NIC of the host's switches, where bridges are filtered. */
function waysOfUplinks(unit: Unit, facts: Facts): Way[] {
    if (!isFiltered(facts)) {
        return [];
    }
    return uplinksOf(unit).flatMap(({ nic, bridge }): Way[] => {
        const [own = ELSEWHERE] = listed(facts, "address")
            .filter(([link]) => link === nic || link === bridge)
            .map(([, prefixed = ""]) => prefixed.split("/")[0] ?? "")
            .filter((address) => isIPv4(address));
        const across = { iifname: bridge, oifname: bridge, saddr: own, daddr: own };
        return [
            {
                what: `traffic between the LAN and containers on ${bridge}`,
                packets: [{ hook: "forward", ...across }],
                opening: { what: "switched", nic, bridge },
            },
        ];
    });
}

function isFiltered(facts: Facts): boolean {
    return facts.get("bridges")?.[0] === "filtered";
}

type Ends = Readonly<Record<"iifname" | "oifname" | "saddr" | "daddr", string>>;

function back({ iifname, oifname, saddr, daddr }: Ends): Ends {
    return { iifname: oifname, oifname: iifname, saddr: daddr, daddr: saddr };
}

/** Empty where it does not tell by which NIC packets come: an address that is routed to the host lies on a link of no wire. */
function nicOf(address: string, facts: Facts): string {
    const held = listed(facts, "address");
    const link = held.find(([, prefixed]) => prefixed?.split("/")[0] === address)?.[0] ?? "";
    const isDummy = listed(facts, "link").some(([name, kind]) => name === link && kind === "dummy");
    const isOfOverlay = link.startsWith("ch-"); // a tunnel over another comes by that one's device
    return link === "lo" || isDummy || isOfOverlay ? "" : link;
}
