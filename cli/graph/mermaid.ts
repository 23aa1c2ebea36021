// The topology as text that GitHub, GitLab and many editors draw: https://mermaid.js.org
import { allContainersOf, type Container } from "../reach";
import { printable } from "../text";
import { type HostNode, type Network, type Topology } from "../topology";
import { titleOf } from "./layout";

export function mermaidOf(topology: Topology): string {
    const containers = allContainersOf(topology);
    const networkIds = new Map(topology.networks.map((network, at) => [network, `n${at}`]));
    const containerIds = new Map(containers.map((container, at) => [container, `c${at}`]));
    const node = (network: Network) =>
        `${networkIds.get(network) ?? ""}([${quoted(titleOf(network))}])`;
    const spanning = topology.networks.filter(({ kind }) => kind.spans);
    const lines = [
        "flowchart LR",
        ...spanning.map((network) => `    ${node(network)}`),
        ...topology.hosts.flatMap((host, at) => [
            `    subgraph h${at}[${quoted(hostTitle(host))}]`,
            ...ownNetworks(topology, host).map((network) => `        ${node(network)}`),
            ...containers
                .filter((one) => one.host === host.name)
                .map((one) => `        ${containerIds.get(one) ?? ""}[${quoted(...linesOf(one))}]`),
            "    end",
        ]),
        ...topology.hosts.flatMap((host, at) =>
            spanning
                .filter((network) => isIdleOn(network, host, containers))
                .map((network) => `    ${networkIds.get(network) ?? ""} --- h${at}`),
        ),
        ...containers.flatMap((container) =>
            container.attachments.map(
                ({ network }) =>
                    `    ${networkIds.get(network) ?? ""} --- ${containerIds.get(container) ?? ""}`,
            ),
        ),
    ];
    return `${lines.join("\n")}\n`;
}

function ownNetworks({ networks }: Topology, { name }: HostNode): readonly Network[] {
    return networks.filter(({ kind, places }) => !kind.spans && name in places);
}

/** A member without a container on the network shows in no other line. */
function isIdleOn(network: Network, { name }: HostNode, containers: readonly Container[]): boolean {
    const busy = containers.some(
        ({ host, attachments }) =>
            host === name && attachments.some((one) => one.network === network),
    );
    return name in network.places && !busy;
}

function hostTitle({ name, address, gone }: HostNode): string {
    return [name, gone ? "gone" : address].filter(Boolean).join(" ");
}

/** Addresses on the lines would lie on one another where many lead to one place. */
function linesOf({ name, attachments, mode }: Container): string[] {
    const addresses = attachments.map(({ address }) => address);
    return [name, ...addresses, ...(mode === undefined ? [] : [mode])];
}

/** Mermaid knows entities by number, written with # instead of &#. */
function quoted(...lines: readonly string[]): string {
    const entity = (letter: string) => `#${letter.codePointAt(0) ?? 0};`;
    const texts = lines.map((text) => printable(text).replace(/["#&<>`\\]/g, entity));
    return `"${texts.join("<br>")}"`;
}
