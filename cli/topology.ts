// Hosts, networks and attachments of a stack, from what the components say of themselves in its state.
import { z } from "zod";
import { contains, isAddressWithPrefix, networkOf } from "../components/wire/address";
import { address, alias, cidr, dockerObjectName, mtu } from "../components/wire/fields";
import { type Flow } from "../components/wire/flow";
import { CliError } from "./error";
import { FOREIGN, type Kind, KINDS, LAN } from "./kinds";
import { SECRET, type State, type StateResource } from "./state";

export interface HostNode {
    readonly name: string;
    readonly address: string;
    readonly become: "sudo" | undefined;
    /** The machine is no more. */
    readonly gone: boolean;
}

export interface Network {
    readonly name: string;
    readonly kind: Kind;
    readonly cidr: string;
    readonly mtu: number;
    /** An overlay's way over the wire. */
    readonly backend: string | undefined;
    /** Of a LAN: whom its containers hear. */
    readonly mode: string | undefined;
    /** By the names of the hosts that it is on: Docker's name of it, and the host's part. */
    readonly places: Readonly<Record<string, Place>>;
    /** What has to pass the firewalls of its hosts, by their names. */
    readonly flows: Readonly<Record<string, readonly Flow[]>>;
}

export interface Place {
    readonly network: string;
    readonly subnet: string | undefined;
}

export interface Attachment {
    readonly name: string;
    readonly host: string;
    readonly container: string;
    readonly network: Network;
    /** Of its interface, which may be given less than the network has. */
    readonly mtu: number;
    readonly address: string;
    readonly aliases: readonly string[];
    /** By Docker: an interface of the container's own it knows nothing of. */
    readonly named: boolean;
    /** The container whose network this one has: it is that one's address, and that one's name. */
    readonly joins: string | undefined;
}

/** A created container that is in no network of its own. */
export interface Apart {
    readonly name: string;
    readonly host: string;
    readonly container: string;
    readonly mode: "none" | "host" | "bridge" | "container";
    /** Of mode `container`: the other. */
    readonly joins: string | undefined;
}

export interface Topology {
    readonly project: string;
    readonly stack: string;
    readonly hosts: readonly HostNode[];
    readonly networks: readonly Network[];
    readonly attachments: readonly Attachment[];
    /** Containers by mode; one that joins another of the stack is among the attachments too. */
    readonly apart: readonly Apart[];
    /** Components that the state tells too little of, by type and name. */
    readonly unmade: readonly string[];
}

const HOST = "crosshost:index:Host";
const ATTACHMENT = "crosshost:index:ContainerAttachment";

const hostOutputs = z.looseObject({
    hostName: z.string(),
    address: z.union([address, z.literal(["", SECRET])]),
    become: z.literal("sudo").optional(),
    gone: z.boolean(),
});
const ends = { device: z.string(), to: z.string(), from: z.array(z.string()) };
const flow: z.ZodType<Flow> = z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("udp"), port: z.number(), ...ends }),
    z.object({ kind: z.literal("protocol"), protocol: z.number(), ...ends }),
    z.object({
        kind: z.literal("forward"),
        bridge: z.string(),
        by: z.union([z.object({ device: z.string() }), z.object({ address: z.string() })]),
        range: cidr,
        own: z.string(),
    }),
]);
const networkOutputs = z.looseObject({
    cidr,
    mtu,
    backend: z.string().optional(),
    mode: z.string().optional(),
    networks: z.record(z.string(), z.looseObject({ network: dockerObjectName, subnet: cidr })),
    flows: z.record(z.string(), z.array(flow)).catch({}),
});
const attachmentOutputs = z.looseObject({
    hostName: z.string(),
    containerName: dockerObjectName,
    networkName: dockerObjectName,
    networkCidr: cidr,
    mtu,
    ipv4Address: address,
    aliases: z.array(alias),
    interface: z
        .looseObject({
            on: z.enum(["bridge", "nic"]),
            addresses: z.array(z.string().refine(isAddressWithPrefix)),
        })
        .optional(),
});

const apartOutputs = z.looseObject({
    hostName: z.string(),
    containerName: dockerObjectName,
    mode: z.enum(["none", "host", "bridge", "container"]),
    joins: dockerObjectName.optional(),
});

export function topologyOf({ project, stack, resources }: State): Topology {
    const unmade: string[] = [];
    const read = reader(unmade);
    const hosts = ofType(resources, HOST).flatMap((one) => read(hostOutputs, one).map(hostNode));
    const networks = resources.flatMap((one) => {
        const kind = KINDS[one.type];
        return kind ? read(networkOutputs, one).map((said) => network(one.name, kind, said)) : [];
    });
    const attached = ofType(resources, ATTACHMENT);
    const found = attached
        .filter(({ outputs }) => outputs["mode"] === undefined)
        .flatMap((one) =>
            read(attachmentOutputs, one)
                .flatMap((said) => placesOf(networks, said))
                .map((said) => ({ name: one.name, said })),
        );
    const apart = attached
        .filter(({ outputs }) => outputs["mode"] !== undefined)
        .flatMap((one) => read(apartOutputs, one).map((said) => apartOf(one.name, said)));
    const foreign = foreignNetworks(networks, found);
    const all = [...networks, ...foreign];
    if (hosts.length === 0) {
        const where = stack === "" ? "the stack" : `the stack ${stack}`;
        throw new CliError(`${where} has no Host in its state: run \`pulumi up\` first`);
    }
    const attachments = found.flatMap(({ name, said }) => {
        const joined = all.find((one) => isOn(one, said));
        return joined ? [attachment(name, joined, said)] : [];
    });
    return {
        project,
        stack,
        hosts: sorted(hosts, ({ name }) => name),
        networks: sorted(all, ({ name }) => name),
        attachments: sorted(
            [...attachments, ...joinedOf(attachments, apart)],
            ({ host, container, network }) => [host, container, network.name].join(" "),
        ),
        apart: sorted(apart, ({ host, container }) => [host, container].join(" ")),
        unmade,
    };
}

const { compare } = new Intl.Collator("en", { numeric: true });

/** The state has things in the order in which they came to be, which is another each time. */
function sorted<T>(things: readonly T[], by: (thing: T) => string): T[] {
    return [...things].sort((a, b) => compare(by(a), by(b)));
}

type AttachmentOutputs = z.output<typeof attachmentOutputs>;

/** Where an `up` has not come to its end, components have not said what they are. */
function reader(unmade: string[]) {
    return <T extends z.ZodType>(
        schema: T,
        { type, name, outputs }: StateResource,
    ): z.output<T>[] => {
        const result = schema.safeParse(outputs);
        if (!result.success) {
            unmade.push(`${type.replace(/^.*:/, "")} "${name}"`);
        }
        return result.success ? [result.data] : [];
    };
}

function ofType(resources: readonly StateResource[], type: string): readonly StateResource[] {
    return resources.filter((resource) => resource.type === type);
}

function hostNode({ hostName, address: at, become, gone }: z.output<typeof hostOutputs>): HostNode {
    return { name: hostName, address: at, become, gone };
}

function network(name: string, kind: Kind, said: z.output<typeof networkOutputs>): Network {
    return {
        name,
        kind,
        cidr: said.cidr,
        mtu: said.mtu,
        backend: said.backend,
        mode: said.mode,
        places: said.networks,
        flows: said.flows,
    };
}

function attachment(name: string, joined: Network, said: AttachmentOutputs): Attachment {
    return {
        name,
        host: said.hostName,
        container: said.containerName,
        network: joined,
        mtu: said.interface === undefined ? joined.mtu : said.mtu,
        address: said.ipv4Address,
        aliases: said.aliases,
        named: said.interface === undefined,
        joins: undefined,
    };
}

/** An interface of the container's own has a place for each address: on its Bridge's network, or on a LAN. */
function placesOf(networks: readonly Network[], said: AttachmentOutputs): AttachmentOutputs[] {
    const { interface: own } = said;
    if (own === undefined) {
        return [said];
    }
    const bridge = networks.find(({ places }) => {
        const { network: docker } = places[said.hostName] ?? {};
        return own.on === "bridge" && docker === said.networkName;
    });
    return own.addresses.map((one) => {
        const ipv4Address = one.replace(/\/.*/, "");
        const inside = bridge !== undefined && contains(bridge.cidr, ipv4Address);
        return { ...said, ipv4Address, networkCidr: inside ? bridge.cidr : networkOf(one) };
    });
}

function apartOf(
    name: string,
    { hostName, containerName, mode, joins }: z.output<typeof apartOutputs>,
): Apart {
    return { name, host: hostName, container: containerName, mode, joins };
}

/** One that joins another has all of its places; so has one that joins that one. */
function joinedOf(attachments: readonly Attachment[], apart: readonly Apart[]): Attachment[] {
    const joined = apart.flatMap((one) =>
        attachments
            .filter(({ host, container }) => host === one.host && container === one.joins)
            .map((place) => ({
                ...place,
                name: one.name,
                container: one.container,
                aliases: [],
                joins: one.joins,
            })),
    );
    return joined.length > 0 ? [...joined, ...joinedOf(joined, apart)] : [];
}

function isOn({ places, kind, cidr: whole }: Network, said: AttachmentOutputs): boolean {
    const isThere = places[said.hostName]?.network === said.networkName;
    return whole === said.networkCidr && (isThere || (kind === LAN && isOnLan(said)));
}

/** What attachments joined and no component of this stack made: one for a name and range, or for the range of a LAN. */
function foreignNetworks(
    own: readonly Network[],
    attachments: readonly { readonly said: AttachmentOutputs }[],
): Network[] {
    const strangers = attachments
        .map(({ said }) => said)
        .filter((said) => !own.some((one) => isOn(one, said)));
    const firsts = strangers.filter((said, at) => strangers.findIndex(joinsWith(said)) === at);
    return firsts.map((said) => {
        const joined = strangers.filter(joinsWith(said));
        const isOfOneName = joined.every(({ networkName }) => networkName === said.networkName);
        return {
            name: isOfOneName ? said.networkName : said.networkCidr,
            kind: said.interface === undefined ? FOREIGN : LAN,
            cidr: said.networkCidr,
            mtu: said.mtu,
            backend: undefined,
            mode: undefined,
            places: Object.fromEntries(
                joined.map(({ hostName, networkName }) => [
                    hostName,
                    { network: networkName, subnet: undefined },
                ]),
            ),
            flows: {},
        };
    });
}

/** Whatever a LAN's NICs and bridges are called on the hosts, it is one. */
function joinsWith(one: AttachmentOutputs) {
    return (other: AttachmentOutputs) =>
        other.networkCidr === one.networkCidr &&
        (other.networkName === one.networkName || (isOnLan(one) && isOnLan(other)));
}

function isOnLan({ interface: own }: AttachmentOutputs): boolean {
    return own?.on === "nic";
}
