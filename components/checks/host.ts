import { type Observation } from "../facts/observation";

/** Why a host that answers cannot be what the program takes it for; nothing was changed yet. */
export function unfitness(
    { facts }: Pick<Observation, "facts">,
    address: string | undefined,
): readonly string[] {
    return addressProblems(facts, address);
}

type Facts = Observation["facts"];

/** `eth0 192.168.40.11/24 1500` is a fact of each global address. */
function addressProblems(facts: Facts, address: string | undefined): string[] {
    const held = (facts.get("address") ?? []).map((fact) => fact.split(" "));
    if (!address || held.some(([, prefixed]) => prefixed?.split("/")[0] === address)) {
        return [];
    }
    const found = held.map(([link, prefixed]) => `${link ?? ""} ${prefixed ?? ""}`).join(", ");
    return [
        `no interface there has the address ${address}, at which other hosts would reach it; ` +
            `found ${found || "none"}: set address: "..."`,
    ];
}
