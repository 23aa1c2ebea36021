import fc from "fast-check";
import { claimAddress, planAttachment, staticProblems } from "../../components/attachment/plan";
import { broadcastAddress, contains, networkAddress, subnet } from "../../components/wire/address";
import { Claims } from "../../components/wire/claims";
import { layOut } from "../../components/overlay/plan";
import { unitText } from "../../components/wire/unit";
import { firstChoice, IDENTITY, overlaySpec, planned } from "../support/builders";

/** What an overlay is on host number `id`. */
function networkOn(id: number, more: object = {}) {
    const { layout } = layOut(IDENTITY, "mesh", overlaySpec(more), [planned(`vm${id}`)]);
    const network = layout.networks[`vm${id}`];
    if (!network) {
        throw new Error("no network");
    }
    return network;
}

const HERE = networkOn(1);

describe("an endpoint's unit", () => {
    test("is one entry, its aliases sorted and each once", () => {
        const endpoint = {
            container: "crosshost-demo-api",
            network: "mesh",
            ipv4Address: "10.42.1.200",
            aliases: ["www", "api", "www"],
            existing: false,
        };
        expect(unitText(planAttachment(endpoint))).toBe(
            "docker endpoint crosshost-demo-api mesh: ipv4 10.42.1.200 alias api alias www\n",
        );
        expect(unitText(planAttachment({ ...endpoint, aliases: [] }))).toBe(
            "docker endpoint crosshost-demo-api mesh: ipv4 10.42.1.200\n",
        );
    });

    test("has the watch for a container that others make anew", () => {
        const endpoint = { container: "db", network: "mesh", ipv4Address: "10.42.1.200" };
        expect(unitText(planAttachment({ ...endpoint, aliases: [], existing: true }))).toBe(
            "docker endpoint db mesh: ipv4 10.42.1.200\nwatch containers: attach on start\n",
        );
    });
});

describe("a derived address", () => {
    test("depends on project, stack and name only", () => {
        const at = firstChoice("api", HERE);
        expect(at).toBe("10.42.1.251");
        expect(firstChoice("api", HERE)).toBe(at);
        const other = { project: "crosshost", stack: "other" };
        expect(firstChoice("api", HERE, other)).not.toBe(at);
        expect(firstChoice("db", HERE)).not.toBe(at);
    });

    test("keeps its place in the subnet when the container moves to another host", () => {
        const there = firstChoice("api", networkOn(2));
        expect(there).toBe("10.42.2.251");
    });

    test("is outside Docker's part, and neither gateway nor broadcast, in a subnet of any size", () => {
        fc.assert(
            fc.property(
                fc.string({ minLength: 1 }),
                fc.integer({ min: 9, max: 28 }),
                (name, at) => {
                    const here = networkOn(1, { cidr: "10.0.0.0/8", subnetPrefix: at });
                    const address = firstChoice(name, here);
                    expect(contains(here.subnet, address)).toBe(true);
                    expect(contains(here.ipRange, address)).toBe(false);
                    expect([here.gateway, broadcastAddress(here.subnet)]).not.toContain(address);
                },
            ),
        );
    });

    test("is one that could be given as well", () => {
        fc.assert(
            fc.property(
                fc.string({ minLength: 1 }),
                fc.integer({ min: 9, max: 28 }),
                (name, at) => {
                    const here = networkOn(1, { cidr: "10.0.0.0/8", subnetPrefix: at });
                    const address = firstChoice(name, here);
                    expect(staticProblems(address, here)).toEqual([]);
                },
            ),
        );
    });
});

describe("a static address", () => {
    const use = "use 10.42.1.64 to 10.42.1.254";

    test.each([
        ["10.42.1.64", undefined],
        ["10.42.1.254", undefined],
        ["10.42.1.255", `"10.42.1.255" is not a host address of 10.42.1.0/24: ${use}`],
        ["10.42.1.0", `"10.42.1.0" is not a host address of 10.42.1.0/24: ${use}`],
        ["10.42.1.1", `"10.42.1.1" is the gateway of 10.42.1.0/24: ${use}`],
        ["10.42.1.2", `"10.42.1.2" lies in 10.42.1.0/26, which Docker gives out by itself: ${use}`],
        [
            "10.42.1.63",
            `"10.42.1.63" lies in 10.42.1.0/26, which Docker gives out by itself: ${use}`,
        ],
        [
            "10.42.2.200",
            `"10.42.2.200" lies outside 10.42.1.0/24, the host's part of the network: ${use}`,
        ],
    ])("%s: %s", (given, message) => {
        expect(staticProblems(given, HERE)).toEqual(
            message ? [{ path: "ipv4Address", message }] : [],
        );
    });

    test("any that is taken is told with one that is free, until there is none", () => {
        const small = networkOn(1, { subnetPrefix: 28 });
        const claims = new Claims();
        expect(claimAddress([claims], "a", "10.42.0.20", small)).toEqual([]);
        expect(claimAddress([claims], "b", "10.42.0.20", small)).toEqual([
            {
                path: "ipv4Address",
                message:
                    '10.42.0.20 is the address of "a": write ipv4Address: "10.42.0.21", which is free',
            },
        ]);
        for (let last = 21; last <= 30; last += 1) {
            expect(claimAddress([claims], "c", `10.42.0.${last}`, small)).toEqual([]);
        }
        expect(claimAddress([claims], "b", "10.42.0.20", small)).toEqual([
            {
                path: "ipv4Address",
                message: '10.42.0.20 is the address of "a": the subnet is full',
            },
        ]);
        expect(networkAddress(small.subnet)).toBe(networkAddress(subnet("10.42.0.0/16", 28, 1)));
    });
});
