import fc from "fast-check";
import {
    type BridgePlan,
    bridgeUnit,
    partProblems,
    planBridge,
} from "../../components/bridge/plan";
import { bridgeSchema } from "../../components/bridge/schema";
import { staticProblems } from "../../components/attachment/plan";
import { type HostNetwork } from "../../components/network/hostNetwork";
import { contains, overlap } from "../../components/wire/address";
import { unitText } from "../../components/wire/unit";
import { firstChoice, IDENTITY } from "../support/builders";
import { valueOf } from "../support/units";

const spec = (more: object = {}) => bridgeSchema.parse({ host: {}, cidr: "10.60.0.0/24", ...more });
const plan = (more: object = {}, name = "lan1") => planBridge(IDENTITY, name, spec(more));

/** Docker's network on it. */
function placeOf({ place }: BridgePlan): HostNetwork {
    if (!place) {
        throw new Error("Docker has no network on it");
    }
    return place;
}

test("the unit, line by line", () => {
    expect(unitText(bridgeUnit(plan()))).toBe(
        [
            "addr br-lan1-5c688 10.60.0.1/24: scope global",
            "docker network crosshost-demo-lan1: bridge br-lan1-5c688 subnet 10.60.0.0/24 gateway 10.60.0.1 ip-range 10.60.0.0/26 mtu 1500 masquerade false",
            "link br-lan1-5c688: bridge mtu 1500 address 02:c2:bc:e0:00:00",
            "nft forward 1-replies: ct state established,related accept",
            "nft forward 2-published: oifname br-lan1-5c688 ct status dnat accept",
            "nft forward 3-bridge: oifname br-lan1-5c688 iifname br-lan1-5c688 accept",
            "nft forward 5-closed: oifname br-lan1-5c688 drop",
            "nft postrouting masquerade: ip saddr 10.60.0.0/24 ip daddr != 10.60.0.0/24 oifname != br-lan1-5c688 masquerade",
            "range 10.60.0.0/24: ours alone",
            "sysctl net.ipv4.ip_forward: 1",
            "",
        ].join("\n"),
    );
});

test("the unit of one with an uplink, which has what the NIC had", () => {
    const lan = plan({ cidr: "192.168.40.0/24", uplink: "eth0" });
    expect(lan.place).toBeUndefined();
    expect(unitText(bridgeUnit(lan))).toBe(
        [
            "iptables DOCKER-USER br-lan1-5c688: -i br-lan1-5c688 -o br-lan1-5c688 -j ACCEPT",
            "link br-lan1-5c688: bridge forward_delay 0",
            "uplink eth0: bridge br-lan1-5c688",
            "",
        ].join("\n"),
    );
});

test("the unit of one in place of docker0, which Docker's daemon.json names", () => {
    const text = unitText(bridgeUnit(plan({ defaultNetwork: true })));
    expect(text.split("\n").filter((line) => line.startsWith("daemon "))).toEqual([
        "daemon bridge: br-lan1-5c688",
        "daemon fixed-cidr: 10.60.0.0/26",
        "daemon ip-masq: false",
        "daemon mtu: 1500",
    ]);
    const [own, docker0] = [unitText(bridgeUnit(plan())), /^daemon .*\n/gm];
    expect(text.replace(docker0, "")).toBe(own.replace(/^docker network .*\n/m, ""));
});

test("what the program chooses", () => {
    const chosen = plan({
        gateway: "10.60.0.254",
        ipRange: "10.60.0.64/26",
        mtu: 9000,
        dockerName: "lan",
    });
    const text = unitText(bridgeUnit(chosen));
    expect(text).toContain("addr br-lan1-5c688 10.60.0.254/24: scope global\n");
    expect(text).toContain("bridge mtu 9000 ");
    expect(text).toContain(
        "docker network lan: bridge br-lan1-5c688 subnet 10.60.0.0/24 gateway 10.60.0.254 ip-range 10.60.0.64/26 mtu 9000 ",
    );
});

test("names and MACs of two bridges, and of the same one of another stack, differ", () => {
    const units = [
        plan(),
        plan({}, "lan2"),
        planBridge({ project: "crosshost", stack: "other" }, "lan1", spec()),
    ];
    expect(new Set(units.map(({ link }) => link)).size).toBe(3);
    expect(new Set(units.map((one) => placeOf(one).network)).size).toBe(3);
    const macs = units.map((one) => valueOf(bridgeUnit(one), `link ${one.link}`));
    expect(new Set(macs).size).toBe(3);
});

describe("addresses of attachments", () => {
    test("keep off gateway and Docker's part, wherever those are", () => {
        const parts = fc
            .record({
                prefix: fc.integer({ min: 8, max: 28 }),
                shorter: fc.integer({ min: 1, max: 4 }),
                at: fc.nat(),
                gateway: fc.nat(),
                name: fc.string({ minLength: 1 }),
            })
            .map(({ prefix, shorter, at, gateway, name }) => {
                const size = 2 ** (32 - prefix);
                const range = size / 2 ** shorter;
                const quad = (offset: number) =>
                    `10.${[16, 8, 0].map((shift) => Math.floor(offset / 2 ** shift) % 256).join(".")}`;
                const chosen = {
                    cidr: `10.0.0.0/${prefix}`,
                    ipRange: `${quad((at % 2 ** shorter) * range)}/${prefix + shorter}`,
                    gateway: quad(1 + (gateway % (size - 2))),
                };
                return { chosen, name };
            });
        fc.assert(
            fc.property(parts, ({ chosen, name }) => {
                expect(partProblems(spec(chosen))).toEqual([]);
                const place = placeOf(plan(chosen));
                const address = firstChoice(name, place);
                expect(contains(place.subnet, address)).toBe(true);
                expect(overlap(place.ipRange, address)).toBe(false);
                expect(address).not.toBe(place.gateway);
                expect(staticProblems(address, place)).toEqual([]);
            }),
        );
    });

    test("what is free is told, in all its parts", () => {
        const place = placeOf(plan({ gateway: "10.60.0.254", ipRange: "10.60.0.64/26" }));
        const said = (given: string) => staticProblems(given, place).map(({ message }) => message);
        const use = "use 10.60.0.1 to 10.60.0.63 or 10.60.0.128 to 10.60.0.253";
        expect(said("10.60.0.70")).toEqual([
            `"10.60.0.70" lies in 10.60.0.64/26, which Docker gives out by itself: ${use}`,
        ]);
        expect(said("10.60.0.254")).toEqual([
            `"10.60.0.254" is the gateway of 10.60.0.0/24: ${use}`,
        ]);
        expect(said("10.60.0.1")).toEqual([]);
    });
});
