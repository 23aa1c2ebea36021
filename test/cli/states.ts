import { hostNetwork, type HostNetwork } from "../../components/network/hostNetwork";
import { subnet } from "../../components/wire/address";
import { dockerName } from "../../components/wire/identity";
import { parseState, type State } from "../../cli/state";
import { IDENTITY } from "../support/builders";

interface Resource {
    readonly type: string;
    readonly name: string;
    readonly parent?: Resource;
    readonly inputs?: object;
    readonly outputs?: object;
}

export const URN = "urn:pulumi:demo::crosshost";
const SIGNED = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
export const CONNECTION = { host: "192.168.40.11", user: "root", privateKey: "-----BEGIN KEY" };

export function encrypted(): object {
    return { ...SIGNED, ciphertext: "v1:abc:def" };
}

export function shown(value: unknown): object {
    return { ...SIGNED, plaintext: JSON.stringify(value) };
}

/** What `pulumi stack export` prints. */
export function exportOf(resources: readonly Resource[]): string {
    return JSON.stringify({
        version: 3,
        deployment: {
            manifest: {},
            resources: resources.map(({ type, name, parent, inputs, outputs }) => ({
                urn: `${URN}::${type}::${name}`,
                custom: !type.startsWith("crosshost:"),
                type,
                parent: parent && `${URN}::${parent.type}::${parent.name}`,
                inputs,
                outputs,
            })),
        },
    });
}

export function stateOf(resources: readonly Resource[]): State {
    return parseState(exportOf(resources), "the test's state");
}

/** The component, and the command whose connection is the host's. */
export function host(name: string, last: number, more: object = {}): Resource[] {
    const address = `192.168.40.${last}`;
    const component = {
        type: "crosshost:index:Host",
        name,
        outputs: { hostName: name, address, gone: false, ...more },
    };
    const command = {
        type: "command:remote:Command",
        name: `${name}-converger`,
        parent: component,
        inputs: { connection: encrypted(), create: "install" },
    };
    return [component, command];
}

export function overlay(name: string, hosts: readonly string[], cidr = "10.42.0.0/16"): Resource {
    const networks = hosts.map((one, at): [string, HostNetwork] => [
        one,
        hostNetwork(dockerName(IDENTITY, name), subnet(cidr, 24, at + 1)),
    ]);
    const outputs = { cidr, mtu: 1450, networks: Object.fromEntries(networks), backend: "vxlan" };
    return { type: "crosshost:index:Overlay", name, outputs };
}

export function bridge(name: string, on: string, cidr: string, dockerName = name): Resource {
    const outputs = { cidr, mtu: 1500, networks: { [on]: hostNetwork(dockerName, cidr) } };
    return { type: "crosshost:index:Bridge", name, outputs };
}

export function macvlan(
    name: string,
    hosts: readonly string[],
    { cidr = "192.168.40.0/24", mode = "bridge" } = {},
): Resource {
    const place = hostNetwork(dockerName(IDENTITY, name), cidr);
    const networks = Object.fromEntries(hosts.map((one) => [one, place]));
    return { type: "crosshost:index:Macvlan", name, outputs: { cidr, mtu: 1500, networks, mode } };
}

export function attachment(
    name: string,
    on: string,
    network: Resource,
    ipv4Address: string,
    more: object = {},
): Resource {
    const { cidr, mtu, networks } = network.outputs as {
        cidr: string;
        mtu: number;
        networks: Record<string, { network: string }>;
    };
    return {
        type: "crosshost:index:ContainerAttachment",
        name,
        outputs: {
            hostName: on,
            containerName: name,
            networkName: networks[on]?.network,
            networkCidr: cidr,
            mtu,
            ipv4Address,
            aliases: [name],
            ...more,
        },
    };
}

const HOSTS = ["vm1", "vm2", "vm3"];

/** Twelve containers on three hosts: on an overlay, a LAN, a bridge of each host, and on two of these. */
export function twelve(): Resource[] {
    const mesh = overlay("mesh", HOSTS);
    const wire = macvlan("lan", HOSTS);
    const own = HOSTS.map((one, at) => bridge(`inner-${at + 1}`, one, `10.60.${at}.0/24`));
    return [
        ...HOSTS.flatMap((one, at) => host(one, 11 + at)),
        mesh,
        wire,
        ...own,
        ...HOSTS.flatMap((one, at) => {
            const inner = own[at] ?? mesh;
            const n = at + 1;
            return [
                attachment(`web-${n}`, one, mesh, `10.42.${n}.121`),
                attachment(`db-${n}`, one, inner, `10.60.${at}.200`),
                attachment(`cache-${n}`, one, inner, `10.60.${at}.201`),
                attachment(`cache-mesh-${n}`, one, mesh, `10.42.${n}.201`, {
                    containerName: `cache-${n}`,
                    aliases: [],
                }),
                attachment(`dns-${n}`, one, wire, `192.168.40.20${n}`),
            ];
        }),
    ];
}

/** Two overlays over all hosts, a container or two on each. */
export function many(count: number): Resource[] {
    const names = Array.from({ length: count }, (_, at) => `node${at + 1}`);
    const mesh = overlay("mesh", names);
    const store = overlay("storage", names.slice(0, Math.ceil(count / 2)), "10.43.0.0/16");
    return [
        ...names.flatMap((one, at) => host(one, at + 1)),
        mesh,
        store,
        ...names.flatMap((one, at) => [
            attachment(`web-${at + 1}`, one, mesh, `10.42.${at + 1}.121`),
            ...(at % 3 === 0 && at < count / 2
                ? [attachment(`disk-${at + 1}`, one, store, `10.43.${at + 1}.9`)]
                : []),
        ]),
    ];
}
