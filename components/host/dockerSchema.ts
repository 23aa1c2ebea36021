import { isIPv6 } from "node:net";
import { z } from "zod";
import {
    broadcastAddress,
    contains,
    isAddress,
    isAddressWithPrefix,
    networkAddress,
    networkOf,
    overlap,
    prefixOf,
} from "../wire/address";
import { address, cidr, explained, isRecord, mtu, whole } from "../wire/fields";
import { isHostName } from "../wire/hostname";

const LOG_DRIVER = /^[A-Za-z0-9][A-Za-z0-9_.:/-]*$/;
/** Docker takes neither a path nor a login in it. */
const MIRROR = /^https?:\/\/([^/:@?#\s]+)(:\d{1,5})?\/?$/;
const REGISTRY = /^([^/:@\s]+)(:\d{1,5})?$/;
/** Docker needs an address for the bridge and one for a container. */
const LONGEST_PREFIX = 30;

const bip = explained((text) => {
    if (!isAddressWithPrefix(text)) {
        return "must be an address with its prefix length, such as 10.10.1.1/24";
    }
    const network = networkOf(text);
    if (prefixOf(network) > LONGEST_PREFIX) {
        return `must have a prefix length of ${LONGEST_PREFIX} at most, so that a container has an address too`;
    }
    const [own] = text.split("/");
    return own === networkAddress(network) || own === broadcastAddress(network)
        ? `must be an address that docker0 can have, such as ${firstOf(network)}`
        : undefined;
});

const pool = z
    .strictObject({ base: cidr, size: whole(1, LONGEST_PREFIX) })
    .refine(({ base, size }) => size >= prefixOf(base), {
        path: ["size"],
        error: "must be the prefix length of base, or longer",
    });

const pools = list(pool).check(({ value, issues }) => {
    const twin = value.findIndex(({ base }, at) =>
        value.some((other, before) => before < at && overlap(base, other.base)),
    );
    if (twin >= 0) {
        const message = "has addresses of another of the list";
        issues.push({ code: "custom", message, path: [twin, "base"], input: value });
    }
});

const nameServer = z
    .string()
    .refine((text) => isAddress(text) || isIPv6(text), { error: "is not an IPv4 or IPv6 address" });

const logDriver = z.string().regex(LOG_DRIVER, { error: "is not the name of a log driver" });

const mirror = z.string().refine((text) => isHostName(MIRROR.exec(text)?.[1] ?? ""), {
    error: "must be a URL without a path, such as https://mirror.example",
});

const registry = z
    .string()
    .refine((text) => isHostName(REGISTRY.exec(text)?.[1] ?? "") || isNetwork(text), {
        error: "must be HOST, HOST:PORT or a network, such as registry.example:5000",
    });

export const dockerSchema = z
    .strictObject({
        bip: bip.optional().describe("Address and prefix length of docker0."),
        fixedCidr: cidr
            .optional()
            .describe("Part of bip's network that containers get their addresses from."),
        defaultGateway: address
            .optional()
            .describe("Gateway of containers on the default network. Default: that of docker0."),
        mtu: mtu.optional().describe("MTU of the default network. Default: 1500."),
        defaultAddressPools: pools
            .optional()
            .describe("Ranges that Docker takes networks from that say no subnet."),
        liveRestore: z
            .boolean()
            .optional()
            .describe("Containers go on running while Docker is restarted. Default: false."),
        userlandProxy: z
            .boolean()
            .optional()
            .describe("A process for each published port. Default: true."),
        iptables: z.boolean().optional().describe("Docker makes iptables rules. Default: true."),
        dns: list(nameServer).optional().describe("Name servers for containers."),
        logDriver: logDriver.optional().describe("Log driver of containers that say none."),
        registryMirrors: list(mirror).optional().describe("Mirrors of Docker Hub."),
        insecureRegistries: list(registry)
            .optional()
            .describe("Registries that are reached without TLS, or with any certificate."),
        allowDirectRouting: z
            .boolean()
            .optional()
            .describe("Other machines may reach containers by a route. Needs Docker 28.2."),
        ipForwardNoDrop: z
            .boolean()
            .optional()
            .describe("Docker leaves the policy of the FORWARD chain. Needs Docker 28.0."),
        firewallBackend: z
            .enum(["iptables", "nftables"])
            .optional()
            .describe("Which rules Docker makes. Needs Docker 29.0."),
    })
    .check(({ value, issues }) => {
        for (const [field, message] of Object.entries(outside(value))) {
            issues.push({ code: "custom", message, path: [field], input: value });
        }
    });

/** What lies in no network of docker0's, by fields, where these are themselves what they should be. */
function outside(docker: unknown): Readonly<Record<string, string>> {
    if (!isRecord(docker)) {
        return {};
    }
    const given = typeof docker["bip"] === "string" ? docker["bip"] : undefined;
    const wrong = ["fixedCidr", "defaultGateway"].flatMap((field): [string, string][] => {
        const value = docker[field];
        if (typeof value !== "string") {
            return [];
        }
        if (given === undefined) {
            return [[field, "needs bip, in whose network it lies"]];
        }
        const network = networkOf(given);
        return contains(network, value)
            ? []
            : [[field, `lies outside ${network}, the network of bip`]];
    });
    return Object.fromEntries(wrong);
}

function list<T extends z.ZodType>(of: T) {
    return z.array(of).min(1, { error: "is empty: leave it out" });
}

function isNetwork(text: string): boolean {
    return cidr.safeParse(text).success;
}

function firstOf(network: string): string {
    const [address = "", prefix = ""] = network.split("/");
    return `${address.replace(/\d+$/, (last) => String(Number(last) + 1))}/${prefix}`;
}
