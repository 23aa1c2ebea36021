import { join } from "node:path";
import { baseline } from "../support/hosts";
import { installAll, lab, startLabCommand } from "../support/lab";
import { Stack } from "../support/stack";
import { crashAndHeal, type Pair, type Result, undisturbed } from "./life";
import { lives } from "./lives";
import { dealer, randomFrom, type Steps } from "./point";

/** Of hosts that share this machine's kernel, which has no WireGuard. */
const PACKAGES = { vxlan: [], wireguard: ["wireguard-tools", "wireguard-go"] } as const;

const PROGRAM = join(__dirname, "programs/crash");

/** Lives on all pairs of hosts side by side until so many points were hit; tells each as it is done. */
export async function sweep(
    pairsOfHosts: readonly (readonly [string, string])[],
    points: number,
    seed: number,
    tell: (result: Result) => void,
    backend: Pair["backend"] = "vxlan",
): Promise<Result[]> {
    const pairs = await Promise.all(pairsOfHosts.map((hosts) => settle(hosts, backend)));
    const [first] = pairs;
    if (!first) {
        throw new Error("a sweep needs two hosts");
    }
    const next = dealer(await stepsOf(first), randomFrom(seed));
    return lives(pairs, points, {
        disturb: (pair, tag, operation) => crashAndHeal(pair, tag, next(operation)),
        anew,
        tell,
    });
}

async function stepsOf(pair: Pair): Promise<Steps> {
    try {
        return await undisturbed(pair);
    } catch (error) {
        pair.stack.cleanUp();
        throw error;
    }
}

async function settle(hosts: Pair["hosts"], backend: Pair["backend"]): Promise<Pair> {
    const stack = new Stack(`crash-${backend}-${hosts.join("-")}`, PROGRAM);
    await installAll(Object.fromEntries(hosts.map((host) => [host, PACKAGES[backend]])));
    return { hosts, stack, backend, secrets: new Set(), before: await baseline(hosts) };
}

/** After a failure: hosts that nothing has touched yet, and an empty stack. */
async function anew({ hosts, stack, backend }: Pair): Promise<Pair> {
    const all = Object.keys(lab().hosts).length;
    stack.remove("--force");
    await startLabCommand("down", ...hosts, "--purge");
    await startLabCommand("up", String(all));
    return settle(hosts, backend);
}
