// Which ways are measured, and how each is set up. Each has two hosts of its own that are alike (release, engine, kernel, LAN), so that no
// packet of one crosses the rules of another, and all of them can be measured in turn within seconds.
import { join } from "node:path";
import { BACKENDS } from "../../components/overlay/backends";
import { initOf, lab, LAB_JSON, on, run, succeeds } from "../../test/support/lab";
import { Stack } from "../../test/support/stack";
import { macvlanByHand, OVERLAYS_BY_HAND, type Side, swarmManager, swarmWorker } from "./byHand";
import { type End, type Ends } from "./shots";

export type Pair = readonly [Side, Side];

export interface Way {
    readonly name: string;
    /** The ways that it is compared with. */
    readonly against: readonly string[];
    /** The containers at both ends; none where the hosts themselves are. */
    readonly container?: string;
    /** Ours are set up all at once. */
    readonly setUp?: (pair: Pair) => void;
}

export const HOST = "host to host";
const SWARM = "overlay, Swarm";
const MACVLAN = "macvlan";
const SWITCHED = ", switched";
const BY_HAND = ", by hand";
const OURS = { container: "app" };

export function waysOn(engine: string): readonly Way[] {
    const swarm = Number.parseInt(engine) >= 26 ? [SWARM] : [];
    const overlays = Object.entries(BACKENDS).filter(([name, { needs }]) =>
        kernelHas(name, needs.modules),
    );
    return [
        { name: HOST, against: [] },
        // twice the same: how different two ways seem that are not
        { name: `${HOST}, again`, against: [HOST] },
        // early: a LAN has parts for its first hosts only
        { name: MACVLAN, against: [MACVLAN + BY_HAND, HOST], ...OURS },
        ...overlays.map(([name]) => {
            const same = name in OVERLAYS_BY_HAND ? [name + BY_HAND] : [];
            return { name, against: [...same, ...swarm, HOST], ...OURS };
        }),
        // as Swarm's overlay is
        ...overlays
            .filter(([, { switched }]) => switched !== undefined)
            .map(([name]) => {
                return { name: name + SWITCHED, against: [name, ...swarm, HOST], ...OURS };
            }),
        ...Object.entries(OVERLAYS_BY_HAND).map(([name, script]) =>
            byHand(name + BY_HAND, ([one, other]) => {
                on(one.host, script(one, other));
                on(other.host, script(other, one));
            }),
        ),
        byHand(MACVLAN + BY_HAND, (pair) => pair.map((own) => on(own.host, macvlanByHand(own)))),
        ...swarm.map((name) =>
            byHand(name, ([manager, worker]) => {
                const token = on(manager.host, swarmManager(manager));
                on(worker.host, swarmWorker(token, worker, manager));
            }),
        ),
    ];
}

function byHand(name: string, setUp: (pair: Pair) => void): Way {
    return { name, against: [HOST], container: "byhand", setUp };
}

function kernelHas(type: string, modules: readonly string[] = []): boolean {
    // whatever else it lacks here, the kernel then knows what it is
    const made = `unshare -n ip link add test type ${type} 2>&1`;
    return modules.length === 0 || !succeeds(() => run("sh", ["-c", `${made} | grep -q Unknown`]));
}

/** Brings up those of Crosshost, as one stack. */
export function upOurs(pairs: ReadonlyMap<Way, Pair>): void {
    const ours = [...pairs].filter(([{ container }]) => container === OURS.container);
    const hosts = ours.map(([{ name }, pair]) => [name, pair.map(({ host }) => host)]);
    const stack = new Stack("packets", join(__dirname, "program"));
    stack.configure({ lab: LAB_JSON, ways: JSON.stringify(Object.fromEntries(hosts)) });
    stack.up();
    stack.nothingToDo("preview");
}

export function endsOf({ container }: Way, [client, server]: Pair): Ends {
    return { client: endOf(client, container), server: endOf(server, container) };
}

function endOf({ host, address }: Side, container?: string): End {
    const proc = `/proc/${initOf(host)}`;
    if (container === undefined) {
        return { namespace: `${proc}/ns/net`, address };
    }
    const format = "{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
    const [pid = "", own = ""] = on(host, `docker inspect -f '${format}' ${container}`).split(" ");
    return { namespace: `${proc}/root/proc/${pid}/ns/net`, address: own };
}

/** Hosts of the lab, two for each. */
export function pairsFor(ways: readonly Way[]): ReadonlyMap<Way, Pair> {
    const all = Object.entries(lab().hosts);
    const side = (at: number, number: number): Side => {
        const [host, { address, engine }] = all[at] ?? ["", { address: "", engine: "" }];
        return { host, number, address, engine };
    };
    return new Map(ways.map((way, at) => [way, [side(2 * at, 1), side(2 * at + 1, 2)]]));
}
