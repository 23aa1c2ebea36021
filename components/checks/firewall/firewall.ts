// checks/firewall/: whose rules drop the packets of a unit.
import { type Flow } from "../../wire/flow";
import { listed } from "../../facts/words";
import { type Observation } from "../../facts/observation";
import { type Unit } from "../../wire/unit";
import { commandsOf, type Firewall } from "./opening";
import { nicRuleWarnings } from "./nicRules";
import { type Chain, chainsOf, droppedBy, FIREWALLD, LEGACY } from "./ruleset";
import { type Way, waysOf } from "./ways";

const DOCKERS_RULES_ARE_GONE =
    "Docker's own firewall rules are gone: published ports and traffic out of Docker's networks may be blocked, " +
    "and networks that Docker isolates may not be isolated; Docker creates the rules when it starts:\n    systemctl restart docker";

/** What Docker's own guide to the change of its backend says. */
const DOCKERS_POLICY_IS_LEFT = (iptables: string) =>
    "Docker's firewall backend is nftables now, and the policy DROP that Docker left in the chain FORWARD of iptables blocks the " +
    `traffic of all containers; it is gone after a reboot, or with:${line(`${iptables} -P FORWARD ACCEPT`)}`;

/** Firewalls of the host that would eat what a unit is for: one warning for each chain that drops, with what opens it. */
export function firewallWarnings(
    { wanted, flows = [] }: { readonly wanted: Unit; readonly flows?: readonly Flow[] },
    { rules, facts }: Pick<Observation, "rules" | "facts">,
): string[] {
    const all = chainsOf(rules);
    const left = leftByDocker(all, facts);
    const chains = all.map((chain) => (chain === left ? { ...chain, drops: false } : chain));
    const ways = chains.length === 0 ? [] : waysOf(wanted, flows, facts);
    const dropped = ways.flatMap((way) => {
        const by = droppingChain(way, chains, facts);
        return by ? [{ way, by }] : [];
    });
    const zoned = dropped.some(
        ({ way, by }) => way.opening.what === "switched" && by.table === FIREWALLD,
    );
    return [
        ...(facts.has("docker-rules") ? [DOCKERS_RULES_ARE_GONE] : []),
        ...(left ? [DOCKERS_POLICY_IS_LEFT(firewallOf(left, all, facts))] : []),
        ...unique(dropped.map(({ by }) => by)).map((by) => {
            const eaten = dropped.filter((one) => one.by === by).map(({ way }) => way);
            return warning(by, firewallOf(by, chains, facts), eaten, chains);
        }),
        ...nicRuleWarnings(
            wanted,
            zoned ? chains.filter(({ table }) => table !== FIREWALLD) : chains,
        ),
    ];
}

/** Of a Docker that had iptables before it had nftables; that of ufw is no less ufw's. */
function leftByDocker(chains: readonly Chain[], facts: Observation["facts"]): Chain | undefined {
    return facts.get("docker-iptables")?.[0] !== "nftables"
        ? undefined
        : chains
              .filter(({ hook, drops }) => hook === "forward" && drops)
              .filter((chain) => firewallOf(chain, chains, facts).startsWith("iptables"))
              .find(({ rules }) => rules.some((rule) => rule.endsWith("jump DOCKER-USER")));
}

function droppingChain(
    { packets, bridge }: Way,
    chains: readonly Chain[],
    facts: Observation["facts"],
): Chain | undefined {
    const isLeft = facts.has("docker-iptables");
    const dockersTable = facts.get("iptables")?.[0] === "legacy" ? LEGACY : "ip filter";
    return packets
        .flatMap((packet) => droppedBy(chains, packet, isLeft ? undefined : dockersTable))
        .find((chain) => isLeft || !willBeOpened(bridge, chain, chains, facts));
}

/** Docker tells firewalld of a bridge when it makes the network: what leaves it passes, and by newer engines what goes to it. */
function willBeOpened(
    bridge: Way["bridge"],
    chain: Chain,
    chains: readonly Chain[],
    facts: Observation["facts"],
): boolean {
    const isThere = listed(facts, "link").some(([name]) => name === bridge?.name);
    const passesAll = chains.some(({ name }) => name === "filter_FWD_docker-forwarding");
    return (
        bridge !== undefined &&
        !isThere &&
        (bridge.isSource || passesAll) &&
        firewallOf(chain, chains, facts) === "firewalld"
    );
}

function warning(
    by: Chain,
    firewall: Firewall,
    ways: readonly Way[],
    chains: readonly Chain[],
): string {
    const keeps = firewall === "ufw" || firewall === "firewalld";
    const name = keeps ? firewall : `chain ${by.name} of table ${by.table}`;
    const toKeep = keeps ? "" : " (write it into the file that the rules are loaded from, too)";
    const what = unique(ways.map((way) => way.what)).join(", and ");
    const commands = ways.flatMap(({ opening }) => commandsOf(opening, firewall, by, chains));
    return `its firewall (${name}) drops ${what}; to let it through${toKeep}:${lastOfEach(commands).map(line).join("")}`;
}

function unique<T>(things: readonly T[]): T[] {
    return [...new Set(things)];
}

/** What takes effect by a command that comes several times does so by the last. */
function lastOfEach(commands: readonly string[]): string[] {
    return unique([...commands].reverse()).reverse();
}

function line(command: string): string {
    return `\n    ${command}`;
}

function firewallOf(
    { table }: Chain,
    chains: readonly Chain[],
    facts: Observation["facts"],
): Firewall {
    if (table === FIREWALLD) {
        return "firewalld";
    }
    if (table !== "ip filter" && table !== LEGACY) {
        return "nft";
    }
    if (chains.some((other) => other.table === table && other.name === "ufw-user-input")) {
        return "ufw";
    }
    const isLegacy = facts.get("iptables")?.[0] === "legacy";
    return table === LEGACY ? "iptables-legacy" : isLegacy ? "iptables-nft" : "iptables";
}
