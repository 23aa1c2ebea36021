import fc from "fast-check";
import { derivedAddress, type Member } from "../../components/attachment/places/derived";
import { claimAddress } from "../../components/attachment/plan";
import { planMacvlan } from "../../components/macvlan/plan";
import { macvlanSchema } from "../../components/macvlan/schema";
import { type HostNetwork } from "../../components/network/hostNetwork";
import { layOut } from "../../components/overlay/plan";
import { type ProbeResult } from "../../components/facts/observation";
import { Claims } from "../../components/wire/claims";
import { derivedNumber, stackId, unitName } from "../../components/wire/identity";
import { answered, firstChoice, IDENTITY, overlaySpec, planned } from "../support/builders";

const HOSTS = Array.from({ length: 8 }, (_, at) => `vm${at + 1}`);
const STACKS = ["blue", "green"].map((stack) => ({ project: "crosshost", stack }));
const NAMES = Array.from({ length: 60 }, (_, at) => `c${at}`);

const PLANNED = HOSTS.map((name) => planned(name));
const LAN = macvlanSchema.parse({
    hosts: [{}],
    parent: "eth0",
    subnet: "192.168.40.0/24",
    gateway: "192.168.40.254",
    ipRange: "192.168.40.128/26",
});
const MESH = layOut(IDENTITY, "mesh", overlaySpec({ subnetPrefix: 26 }), PLANNED).layout.networks;
const LANS = planMacvlan(IDENTITY, "lan", LAN, PLANNED).places;

/** A part of its own for each host, or one network for all. */
function networkOn(kind: "mesh" | "lan", host: string): HostNetwork {
    const network = kind === "mesh" ? MESH[host] : LANS[host]?.network;
    if (!network) {
        throw new Error(`no ${kind} on ${host}`);
    }
    return network;
}

interface Attachment {
    readonly name: string;
    readonly host: string;
    readonly kind: "mesh" | "lan";
    /** Of one that says it. */
    readonly address?: string | undefined;
    /** Registered by code that waits for something first, where the program has such. */
    readonly late: boolean;
}

interface Run {
    readonly stack: number;
    readonly program: readonly Attachment[];
    readonly down: readonly string[];
    /** Changes who answers first. */
    readonly pace: number;
    readonly waits: boolean;
}

/** What lies on the hosts: addresses by `HOST STACK:UNIT CONTAINER`, and by `HOST STACK:names CONTAINER`. */
class World {
    held = new Map<string, string>();
    named = new Map<string, string>();

    async run({ stack, program, down, pace, waits }: Run): Promise<Map<string, string>> {
        const identity = STACKS[stack] ?? IDENTITY;
        const member = (host: string, number: number): [string, Member] => {
            const probe = turns((number * 3 + pace) % 4).then(() => this.#probe(host, down));
            return [host, { stack: identity, machine: undefined, addresses: new Claims(), probe }];
        };
        const sessions = new Map(HOSTS.map(member));
        const registered = program.map(async ({ name, host, kind, address, late }) => {
            const session = sessions.get(host);
            if (!session) {
                throw new Error(`no ${host}`);
            }
            await (late && waits ? turns(6) : undefined);
            const network = networkOn(kind, host);
            const members = [session, ...[...sessions.values()].filter((one) => one !== session)];
            const claims = members.map(({ addresses }) => addresses);
            const asking = {
                name,
                knownAs: name,
                session,
                created: name,
                containerName: undefined,
            };
            if (address !== undefined) {
                expect(claimAddress(claims, name, address, network)).toEqual([]);
            }
            return [name, address ?? (await derivedAddress(asking, network, members))] as const;
        });
        return new Map(await Promise.all(registered));
    }

    #probe(host: string, down: readonly string[]): ProbeResult {
        const of = (all: ReadonlyMap<string, string>, words: (who: string, at: string) => string) =>
            [...all]
                .filter(([key]) => key.startsWith(`${host} `))
                .map(([key, address]) => words(key.slice(host.length + 1), address));
        const facts = new Map([
            ["endpoint", of(this.held, (who, address) => placeOf(who, address))],
            ["named", of(this.named, (who, address) => `net ${address} ${who} other`)],
        ]);
        return down.includes(host)
            ? { status: "unreachable", reason: "no answer" }
            : answered({ facts });
    }

    /** As an up leaves the hosts that answer. */
    apply({ stack, program, down }: Run, given: ReadonlyMap<string, string>): void {
        const id = stackId(STACKS[stack] ?? IDENTITY);
        const stays = (key: string) => down.some((host) => key.startsWith(`${host} `));
        const without = (all: ReadonlyMap<string, string>) =>
            new Map([...all].filter(([key]) => stays(key) || !key.includes(` ${id}:`)));
        this.held = without(this.held);
        this.named = without(this.named);
        for (const { name, host } of program) {
            const address = given.get(name) ?? "";
            if (!down.includes(host)) {
                this.held.set(unitKey(stack, name, host), address);
            }
            for (const other of HOSTS.filter((one) => one !== host && !down.includes(one))) {
                this.named.set(`${other} ${id}:names ${name}`, address);
            }
        }
    }

    isFree(address: string): boolean {
        return ![...this.held.values(), ...this.named.values()].includes(address);
    }
}

function placeOf(who: string, address: string): string {
    const [owner = "", container = ""] = who.split(" ");
    return `${container} net ${address} ${owner}`;
}

function unitKey(stack: number, name: string, host: string): string {
    return `${host} ${stackId(STACKS[stack] ?? IDENTITY)}:${unitName("attachment", name)} ${name}`;
}

async function turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
    }
}

const name = fc.constantFrom(...NAMES);
const arrival = fc.record({
    name,
    host: fc.constantFrom(...HOSTS),
    kind: fc.constantFrom("mesh" as const, "lan" as const),
    /** The first choice of that one, where nobody has it. */
    says: fc.option(name, { freq: 5, nil: undefined }),
    late: fc.boolean(),
});
const step = fc.record({
    stack: fc.constantFrom(0, 1),
    come: fc.uniqueArray(arrival, { maxLength: 60, selector: (one) => one.name, size: "max" }),
    go: fc.uniqueArray(name, { maxLength: 30, size: "max" }),
    order: fc.nat(),
    down: fc.subarray(HOSTS, { maxLength: 2 }),
    pace: fc.nat(3),
    waits: fc.boolean(),
    /** Of others, made by hand. */
    stranger: fc.record({ host: fc.constantFrom(...HOSTS), at: name }),
    rebuilt: fc.option(fc.constantFrom(...HOSTS), { freq: 5, nil: undefined }),
});

test("no derived address is given twice, and none moves while its attachment stays", async () => {
    let clashes = 0;
    await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (steps) => {
            const world = new World();
            const programs: Attachment[][] = [[], []];
            // What hosts were told: of one that did not answer, what it was told before.
            const last = [new Map<string, string>(), new Map<string, string>()];
            for (const { stack, come, go, order, down, pace, waits, stranger, rebuilt } of steps) {
                const mine = networkOn("mesh", stranger.host);
                const theirs = firstChoice(stranger.at, mine, STACKS[stack]);
                if (world.isFree(theirs)) {
                    world.held.set(`${stranger.host} - by-hand-${stranger.at}`, theirs);
                }
                const all = new Map([...world.held, ...world.named]);
                for (const key of rebuilt !== undefined && down.length === 0 ? all.keys() : []) {
                    if (key.startsWith(`${rebuilt ?? ""} `)) {
                        world.held.delete(key);
                        world.named.delete(key);
                    }
                }
                const before = programs[stack] ?? [];
                const there = before.filter((one) => !go.includes(one.name));
                const said = new Set<string>();
                const fresh = come
                    .filter((one) => !there.some((other) => other.name === one.name))
                    .map(({ says, ...one }): Attachment => {
                        // On a LAN nobody knows what a host has that does not answer.
                        const kind = down.length > 0 ? "mesh" : one.kind;
                        const at =
                            says && firstChoice(says, networkOn(kind, one.host), STACKS[stack]);
                        const isFree = at !== undefined && world.isFree(at) && !said.has(at);
                        const late = one.late && !isFree;
                        return {
                            ...one,
                            kind,
                            late,
                            address: isFree ? (said.add(at), at) : undefined,
                        };
                    });
                const program = shuffled([...there, ...fresh], order);
                const run = { stack, program, down, pace, waits };
                const given = await world.run(run);
                if (!waits) {
                    const other = { ...run, program: [...program].sort(byName), pace: pace + 1 };
                    expect(sorted(await world.run(other))).toEqual(sorted(given));
                }
                const has = new Map(
                    there.flatMap(({ name: one }) => {
                        const address = last[stack]?.get(one);
                        return address === undefined ? [] : [[one, address] as const];
                    }),
                );
                expect([...has].filter(([one, address]) => given.get(one) !== address)).toEqual([]);
                clashes += clashesOf(program, stack);
                world.apply(run, given);
                programs[stack] = program;
                const put = program.filter(({ host }) => !down.includes(host));
                put.forEach((one) => has.set(one.name, given.get(one.name) ?? ""));
                last[stack] = has;
                const addresses = [...world.held.values()];
                expect(addresses.filter((one, at) => addresses.indexOf(one) !== at)).toEqual([]);
            }
        }),
        { numRuns: 40 },
    );
    expect(clashes).toBeGreaterThan(60); // of first choices, or the test says nothing
}, 120_000);

function clashesOf(program: readonly Attachment[], stack: number): number {
    const wished = program.map(({ name: one, kind, host }) =>
        firstChoice(one, networkOn(kind, host), STACKS[stack]),
    );
    return wished.length - new Set(wished).size;
}

function shuffled(list: readonly Attachment[], order: number): Attachment[] {
    const numberOf = (one: Attachment) => derivedNumber(0, 0xffffff, one.name, String(order));
    return [...list].sort((a, b) => numberOf(a) - numberOf(b));
}

function byName(a: Attachment, b: Attachment): number {
    return a.name < b.name ? -1 : 1;
}

function sorted(given: ReadonlyMap<string, string>): [string, string][] {
    return [...given].sort(([a], [b]) => (a < b ? -1 : 1));
}
