import { contains } from "../../wire/address";
import { type Carrier, GRE_PROTOCOL, IPIP_PROTOCOL } from "../../wire/flow";
import { inWordsOfNft } from "./iptablesRule";

/** A packet as a packet filter sees it. */
export interface Packet {
    readonly hook: "input" | "output" | "forward";
    /** Of a new connection to where it is sent, unless it is said to be of another kind. */
    readonly of?: "reply" | "published" | "published reply";
    /** Empty where it is not known. */
    readonly iifname: string;
    readonly oifname?: string;
    readonly saddr: string;
    readonly daddr: string;
    /** Without it, the packet is of TCP, to a port that is not known. */
    readonly carrier?: Carrier;
}

export interface Chain {
    readonly name: string;
    /** `inet filter` */
    readonly table: string;
    readonly hook: string | undefined;
    readonly drops: boolean;
    readonly rules: readonly string[];
}

type Verdict = "accept" | "drop" | "return" | "unknown";
/** `undefined`: the rule asks for something that is not judged here. */
type Match = boolean | undefined;

const SKIPPED =
    /^(counter( packets \d+ bytes \d+)?|burst \d+ \S+|log( (prefix "[^"]*"|(level|flags|group|snaplen) \S+))*) ?/;
const VERDICT = /(^| )(accept|drop|reject|return|jump \S+|goto \S+)( with .*)?$/;

export const FIREWALLD = "inet firewalld";
/** The table that nft does not list. */
export const LEGACY = "ip filter (iptables-legacy)";

interface Growing extends Chain {
    readonly rules: string[];
    hook: string | undefined;
    drops: boolean;
}

/** The lines of `nft list ruleset` as chains, and those of `iptables-legacy-save`. */
export function chainsOf(lines: readonly string[]): Chain[] {
    const isLegacy = (line: string) => /^(\*|:|-A |COMMIT)/.test(line);
    return [
        ...chainsOfNft(lines.filter((line) => !isLegacy(line))),
        ...chainsOfLegacy(lines.filter(isLegacy)),
    ];
}

function chainsOfLegacy(lines: readonly string[]): Chain[] {
    const chains = new Map<string, Growing>();
    for (const line of lines) {
        const [, name = "", policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
        const [, chain = "", rule = ""] = /^-A (\S+) (.*)/.exec(line) ?? [];
        if (policy !== undefined) {
            const hook = policy === "-" ? undefined : name.toLowerCase();
            chains.set(name, { name, table: LEGACY, hook, drops: policy === "DROP", rules: [] });
        }
        chains.get(chain)?.rules.push(inWordsOfNft(rule));
    }
    return [...chains.values()];
}

function chainsOfNft(lines: readonly string[]): Chain[] {
    const chains: Growing[] = [];
    /** Of links, by their names: other sets are not told. */
    let sets = new Map<string, string>();
    let table = "";
    for (const line of lines) {
        const [word = "", first = "", second = ""] = line.split(" ");
        const chain = chains.at(-1);
        if (word === "table") {
            table = `${first} ${second}`;
            sets = new Map();
        } else if (word === "set") {
            sets.set(first, line.slice(line.indexOf("{")));
        } else if (word === "chain") {
            chains.push({ name: first, table, hook: undefined, drops: false, rules: [] });
        } else if (chain && word === "type") {
            chain.hook = /^type filter hook (\S+)/.exec(line)?.[1];
            chain.drops = line.includes("policy drop");
        } else {
            chain?.rules.push(
                line.replace(/@(\S+)/g, (name, set: string) => sets.get(set) ?? name),
            );
        }
    }
    return chains;
}

/**
 * The chains that are sure to drop the packet; where a rule is not understood, none is. Docker has the word
 * on its networks in one table, unless it is told to leave iptables alone.
 */
export function droppedBy(
    all: readonly Chain[],
    packet: Packet,
    dockersTable: string | undefined,
): Chain[] {
    const chains = all.map((chain) => (chain.table === dockersTable ? accepting(chain) : chain));
    return chains
        .filter(({ hook }) => hook === packet.hook)
        .filter((chain) => {
            const verdict = judge(chains, chain, packet, 0);
            return verdict === "drop" || (verdict === "return" && chain.drops);
        });
}

function judge(chains: readonly Chain[], chain: Chain, packet: Packet, depth: number): Verdict {
    let unsure = false;
    for (const rule of depth > 16 ? [] : chain.rules) {
        const { match, verdict } = read(rule, packet);
        if (match === false || verdict === undefined) {
            continue;
        }
        const [word = "", target = ""] = verdict.split(" ");
        const next = target === "" ? own(word) : called(chains, chain.table, target, packet, depth);
        const ends = next !== "return" || word === "return" || word === "goto";
        if (!ends || (match === undefined && next === "drop")) {
            continue;
        }
        if (match === undefined) {
            unsure = true;
            continue;
        }
        return unsure && next !== "accept" ? "unknown" : next;
    }
    return unsure ? "unknown" : "return";
}

function own(word: string): Verdict {
    return word === "accept" || word === "return" ? word : "drop";
}

/**
 * DOCKER-USER is where Crosshost lets its own in, and Docker lets its networks out behind it. Where that is not asked, it does
 * so in FORWARD.
 */
function accepting(chain: Chain): Chain {
    const isHeld =
        chain.name === "DOCKER-USER" ||
        (chain.name === "FORWARD" &&
            !chain.rules.some((rule) => rule.endsWith("jump DOCKER-USER")));
    return isHeld ? { ...chain, rules: ["accept"] } : chain;
}

function called(
    chains: readonly Chain[],
    table: string,
    name: string,
    packet: Packet,
    depth: number,
): Verdict {
    const chain = chains.find((other) => other.table === table && other.name === name);
    return chain ? judge(chains, chain, packet, depth + 1) : "return";
}

function read(rule: string, packet: Packet): { match: Match; verdict: string | undefined } {
    let rest = rule.replace(/ ?comment "[^"]*"/, "");
    let match: Match = true;
    for (;;) {
        const skipped = SKIPPED.exec(rest)?.[0];
        if (skipped) {
            rest = rest.slice(skipped.length);
            continue;
        }
        const [expression, matches] = firstMatch(rest, packet);
        if (expression === undefined) {
            break;
        }
        match = match === false || matches === false ? false : matches && match;
        rest = rest.slice(expression.length).trimStart();
    }
    const mapped = /^(.*) vmap \{(.*)\}$/.exec(rest);
    if (mapped) {
        return inMap(mapped[1] ?? "", mapped[2] ?? "", match, packet);
    }
    const [found = "", , verdict] = VERDICT.exec(rest) ?? [];
    return { match: found === rest || match === false ? match : undefined, verdict };
}

function inMap(expression: string, elements: string, match: Match, packet: Packet) {
    for (const element of elements.split(", ")) {
        const [value = "", verdict = ""] = element.trim().split(" : ");
        const [read, matches] = firstMatch(`${expression} ${value}`, packet);
        if (read === undefined || matches === undefined) {
            return {
                match: undefined,
                verdict: elements.includes("accept") ? "accept" : undefined,
            };
        }
        if (matches) {
            return { match, verdict };
        }
    }
    return { match: false, verdict: undefined };
}

/** What a rule may ask for, and whether the packet is so; what is not here is not understood. */
const EXPRESSIONS: readonly (readonly [RegExp, (packet: Packet, value: string) => Match])[] = [
    [words("ip saddr"), ({ saddr }, value) => isIn(saddr, value)],
    [words("ip daddr"), ({ daddr }, value) => isIn(daddr, value)],
    [words("th dport"), ({ carrier }, value) => isPort(carrier, value)],
    [words("udp dport"), ({ carrier }, value) => carrier?.kind === "udp" && isPort(carrier, value)],
    [words("udp sport"), ({ carrier }) => (carrier?.kind === "udp" ? undefined : false)],
    [words("th sport"), () => undefined],
    [
        words("(?:ip protocol|meta l4proto)"),
        ({ carrier }, value) => namesOf(carrier).includes(value.toLowerCase()),
    ],
    [words("tcp \\S+"), ({ carrier }) => (carrier === undefined ? undefined : false)],
    [words("(?:sctp|icmp|icmpv6) \\S+"), () => false],
    [words("(?:meta )?iif(?:name)?"), ({ iifname }, value) => isLink(iifname, value)],
    [
        words("(?:meta )?oif(?:name)?"),
        ({ oifname }, value) => oifname !== undefined && isLink(oifname, value),
    ],
    [words("(?:meta )?nfproto"), (_, value) => value === "ipv4"],
    [words("(?:meta )?pkttype"), (_, value) => /^(host|unicast)$/.test(value)],
    [
        words("fib daddr type"),
        ({ hook }, value) => value === (hook === "input" ? "local" : "unicast"),
    ],
    [words("ct state"), ({ of }, value) => value === (isReply(of) ? "established" : "new")],
    [words("ct status"), ({ of }, value) => value === "dnat" && (of ?? "").includes("published")],
    [words("ip6 \\S+"), () => false],
    [words("limit rate(?: over)?"), () => undefined],
];

function isReply(of: Packet["of"]): boolean {
    return of === "reply" || of === "published reply";
}

function words(before: string): RegExp {
    return new RegExp(String.raw`^(?:${before}) (!= )?(\{[^}]*\}|"[^"]*"|(?!vmap )(?!\. )\S+)`);
}

/** The first expression of a rule, and whether the packet is so; nothing where it is not understood. */
function firstMatch(rest: string, packet: Packet): [string | undefined, Match] {
    for (const [expression, is] of EXPRESSIONS) {
        const [read, not, values] = expression.exec(rest) ?? [];
        if (read !== undefined && values !== undefined) {
            const found = anyOf(values, (value) => is(packet, value));
            return [read, not === undefined || found === undefined ? found : !found];
        }
    }
    return [undefined, undefined];
}

function anyOf(values: string, is: (value: string) => Match): Match {
    const all = wordsIn(values).map(is);
    return all.includes(true) ? true : all.includes(undefined) ? undefined : false;
}

/** One, or those of a set. */
export function wordsIn(values: string): string[] {
    return values
        .replace(/[{}"]/g, "")
        .split(",")
        .map((value) => value.trim());
}

function isIn(address: string, value: string): Match {
    if (/^[\d.]+(\/\d+)?$/.test(value)) {
        return contains(value, address);
    }
    return undefined;
}

/** As nft and iptables call protocols, by /etc/protocols, where `ipip` is another than that of tunnels. */
const NAMES: Readonly<Partial<Record<number, readonly string[]>>> = {
    [IPIP_PROTOCOL]: ["ipencap", "ipv4"],
    [GRE_PROTOCOL]: ["gre"],
};

function namesOf(carrier: Carrier | undefined): readonly string[] {
    if (carrier?.kind !== "protocol") {
        return carrier === undefined ? ["tcp", "6"] : ["udp", "17"];
    }
    return [String(carrier.protocol), ...(NAMES[carrier.protocol] ?? [])];
}

/** Not known of TCP; other protocols have none, though a rule may read one at its place. */
function isPort(carrier: Carrier | undefined, value: string): Match {
    if (carrier?.kind !== "udp") {
        return undefined;
    }
    const { port } = carrier;
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(value) ?? [];
    return from === undefined ? undefined : port >= Number(from) && port <= Number(to ?? from);
}

/** A packet may come by a link that is not known, though never by the host's own. */
export function isLink(name: string, value: string): Match {
    if (name === "") {
        return value === "lo" ? false : undefined;
    }
    return value.endsWith("*") ? name.startsWith(value.slice(0, -1)) : name === value;
}
