// What a preview warns of beside what differs: of containers that the stack did not put where they are, too.
import { firewallWarnings } from "../../components/checks/firewall/firewall";
import { type NameSeekers, namelessTexts } from "../../components/checks/nameless";
import { strayTexts } from "../../components/checks/parts";
import { type Container } from "../reach";
import { type Topology } from "../topology";
import { type AnswersByHost } from "./verdict";

/** A line each, with the host before it. */
export function toldByHosts(
    { networks }: Topology,
    containers: readonly Container[],
    answers: AnswersByHost,
): string[] {
    return [...answers].flatMap(([host, { facts }]) => {
        const parts = networks
            .filter(({ kind }) => kind.parts)
            .flatMap(({ places }) => places[host] ?? []);
        return [
            ...parts.flatMap(({ network, subnet }) =>
                subnet === undefined ? [] : strayTexts(facts, network, subnet),
            ),
            ...namelessTexts(facts, seekersOn(host, containers)),
        ].map((text) => `${host}: ${text}`);
    });
}

/** Where something is not reached: firewalls of hosts that drop what it takes, with the commands that let it through. */
export function firewallsInTheWay({ networks }: Topology, answers: AnswersByHost): string[] {
    return [...answers].flatMap(([host, answer]) => {
        const flows = networks.flatMap((network) => network.flows[host] ?? []);
        const texts = firewallWarnings({ wanted: [], flows }, answer);
        return [...new Set(texts)].map((text) => `${host}: ${text}`);
    });
}

function seekersOn(host: string, containers: readonly Container[]): NameSeekers {
    const named = containers
        .flatMap(({ attachments }) => attachments)
        .filter((one) => one.named && one.network.kind.names === "all hosts");
    const others = new Set(named.filter((one) => one.host !== host).map((one) => one.network));
    const seekers = named.filter((one) => one.host === host && others.has(one.network));
    return {
        networks: new Set([...others].flatMap(({ places }) => places[host]?.network ?? [])),
        containers: seekers.map(({ container }) => ({ name: container, isNameless: false })),
    };
}
