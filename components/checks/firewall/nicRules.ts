// Rules that tell packets by a NIC. Those of a NIC that is the port of a bridge come, for them, by the bridge.
import { uplinksOf } from "../../entries/uplink/uplink";
import { type Unit } from "../../wire/unit";
import { type Chain, FIREWALLD, isLink, wordsIn } from "./ruleset";

/** With what else is asked in one go: `iifname . tcp dport { "eth0" . 22 }`. */
const LINK = /\b[io]if(?:name)? (?:(?:!=|vmap) |\. [^{"]*)?(\{[^}]*\}|"[^"]*"|\S+) ?/g;
/** By which zone firewalld judges what comes by a link; the second form is that of 2.4 and newer. Its policies come before. */
const ZONE = /^iifname "([^"]*)" (?:goto|jump) filter_IN_(?!policy_)(\S+?)(?:_to_HOST)?$/;

interface NicRule {
    readonly chain: Chain;
    readonly rule: string;
    /** As it has to be for packets that come by the bridge. */
    readonly wanted: string;
}

/** What an admin has to write for a bridge that he has for its NIC. */
export function nicRuleWarnings(wanted: Unit, chains: readonly Chain[]): string[] {
    return uplinksOf(wanted).flatMap(({ nic, bridge }) => {
        const found = chains.flatMap((chain) => nicRules(chain, nic, bridge));
        const zone = zoneOf(chains, nic);
        const own = found.filter(({ chain }) => chain.table !== FIREWALLD);
        return [
            ...(found.length > own.length && zone !== undefined
                ? [zoneWarning(zone, nic, bridge)]
                : []),
            ...(own.length > 0 ? [ruleWarning(own, nic, bridge)] : []),
        ];
    });
}

/** The zone that firewalld has a NIC in; undefined where none names it. */
export function zoneOf(chains: readonly Chain[], nic: string): string | undefined {
    const [zone] = chains
        .filter(({ table }) => table === FIREWALLD)
        .flatMap(({ rules }) => rules.map((rule) => ZONE.exec(rule)))
        .filter((found) => found?.[1] === nic);
    return zone?.[2];
}

/** Those that name the NIC, and have no twin that judges what comes by the bridge. */
function nicRules(chain: Chain, nic: string, bridge: string): NicRule[] {
    return chain.rules
        .filter((rule) => names(rule, nic) && !names(rule, bridge))
        .map((rule) => ({ chain, rule, wanted: withBridge(rule, nic, bridge) }))
        .filter(({ rule, wanted }) => {
            const ofAll = rule.replace(LINK, "");
            return !chain.rules.some((other) => other === wanted || other === ofAll);
        });
}

function names(rule: string, link: string): boolean {
    return [...rule.matchAll(LINK)].some(([, values = ""]) =>
        wordsIn(values)
            .flatMap((value) => value.split(/ [.:] /))
            .some((value) => isLink(link, value)),
    );
}

/** A rule for all but the NIC has to leave the bridge out too, and stands in the other's place. */
function withBridge(rule: string, nic: string, bridge: string): string {
    const wanted = rule.replace(LINK, (match) => {
        const isNegated = match.includes(" != ");
        const set = match.replace(/"([^"]*)"/g, (name, value: string) =>
            isLink(nic, value) !== true ? name : `${isNegated ? `${name}, ` : ""}"${bridge}"`,
        );
        return isNegated && !match.includes("{") ? set.replace(/".*"/, "{ $& }") : set;
    });
    return rule.includes("!= ") && names(wanted, nic) ? `${wanted} (in place of ${rule})` : wanted;
}

function zoneWarning(zone: string, nic: string, bridge: string): string {
    const change = `--zone=${zone} --add-interface=${bridge}`;
    return (
        `its firewall (firewalld) has ${nic} in the zone ${zone}, and packets come by ${bridge} once ${nic} is its port; ` +
        `to have that in the zone too:\n    firewall-cmd ${change}\n    firewall-cmd --permanent ${change}`
    );
}

function ruleWarning(rules: readonly NicRule[], nic: string, bridge: string): string {
    const lines = rules.map(({ chain, wanted }) => `\n    ${chain.table} ${chain.name}: ${wanted}`);
    return (
        `its firewall has rules for ${nic}, and once ${nic} is a port of ${bridge}, packets come by ${bridge} instead; ` +
        `write beside them, here in the words of nft:${lines.join("")}`
    );
}
