import { HOSTS } from "./hosts";
import { unanswered } from "./lab";
import { type Stack } from "./stack";

/** The demo stack's containers, by host. */
export const CONTAINERS = {
    vm1: "crosshost-demo-web",
    vm2: "crosshost-demo-api",
    vm3: "crosshost-demo-db",
} as const;

/** The pairs of containers that do not reach each other; empty when all is well. */
export function unreached(stack: Stack): string[] {
    const addresses = Object.values(stack.outputs()["addresses"] ?? {}).map(String);
    return HOSTS.flatMap((host) =>
        unanswered(host, CONTAINERS[host], addresses).map((address) => `${host} -> ${address}`),
    );
}
