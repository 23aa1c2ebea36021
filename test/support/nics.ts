import { on } from "./lab";

type Json = Readonly<Record<string, unknown>>;
const FOR_EVER = 4294967295;

/** The bridge that a host's NIC is a port of. */
export function bridgeOf(host: string): string | undefined {
    const [nic] = json(host, "ip -j link show dev eth0");
    return nic?.["master"] as string | undefined;
}

/** Addresses and routes of a link, as its host has them; of a lease only that it ends some day. */
export function waysOf(host: string, link: string): unknown[] {
    const [found] = json(host, `ip -j -4 addr show dev ${link}`);
    const addresses = (found?.["addr_info"] ?? []) as readonly Json[];
    const routes = json(host, `ip -d -j -4 route show table all dev ${link}`);
    return [
        addresses.map((address) => ({
            ...address,
            valid_life_time: address["valid_life_time"] === FOR_EVER,
            preferred_life_time: address["preferred_life_time"] === FOR_EVER,
        })),
        routes.map((route) => ({ ...route, flags: [] })),
    ];
}

/** Those of the bridge that has the NIC, as if they were the NIC's. */
export function movedWays(host: string): unknown {
    const bridge = bridgeOf(host) ?? "no bridge";
    return JSON.parse(JSON.stringify(waysOf(host, bridge)).replaceAll(bridge, "eth0"));
}

function json(host: string, command: string): readonly Json[] {
    return JSON.parse(on(host, command)) as readonly Json[];
}
