import { createHash } from "node:crypto";

/** Whose plan this is: two stacks with the same component names never share a name, VNI or port. */
export interface StackIdentity {
    readonly project: string;
    readonly stack: string;
}

/** Linux refuses longer interface names (IFNAMSIZ is 16 with the final NUL). */
const LINK_NAME_MAX = 15;
const STACK_ID_MAX = 32;

function digest(...parts: string[]): Buffer {
    return createHash("sha256").update(JSON.stringify(parts)).digest();
}

/** Enough of a digest to tell names apart, and short enough to be read. */
function hexDigest(digits: number, ...parts: string[]): string {
    return digest(...parts)
        .toString("hex")
        .slice(0, digits);
}

/** What tells one text from another: the first 16 hex digits of its sha256. */
export function textDigest(text: string): string {
    return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function slug(text: string): string {
    return text
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-+|-+$/g, "");
}

/** The stack's name on hosts: `/var/lib/crosshost/<stackId>`, and in the mark on all it makes. */
export function stackId({ project, stack }: StackIdentity): string {
    const tail = hexDigest(6, project, stack);
    const readable = slug(`${project}-${stack}`).slice(0, STACK_ID_MAX - tail.length - 1);
    return [readable.replace(/-+$/, ""), tail].filter(Boolean).join("-");
}

/** The Docker name of what a stack makes, unless the user chooses one. */
export function dockerName({ project, stack }: StackIdentity, component: string): string {
    const name = `${project}-${stack}-${component}`;
    if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(name)) {
        return name;
    }
    const tail = hexDigest(6, "docker", project, stack, component);
    const readable = name.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
    return [readable.slice(0, 100), tail].filter(Boolean).join("-");
}

/** An interface name for a component: readable prefix and name, then 5 hex digits of its identity. */
export function linkName(prefix: string, identity: StackIdentity, component: string): string {
    const tail = hexDigest(5, "link", identity.project, identity.stack, component);
    const room = LINK_NAME_MAX - prefix.length - tail.length - 2;
    const readable = slug(component).replace(/-/g, "").slice(0, room);
    return [prefix, readable, tail].filter(Boolean).join("-");
}

/** The name of a component's unit on a host, which is a file's name there. */
export function unitName(kind: string, component: string): string {
    const name = `${kind}-${component}`;
    // nft takes neither . nor - in a table's name: where both become _, only one may be kept apart.
    if (/^[A-Za-z0-9-]{1,64}$/.test(name)) {
        return name;
    }
    const tail = hexDigest(6, "unit", component);
    return `${name.replace(/[^A-Za-z0-9_]+/g, "-").slice(0, 57)}-${tail}`;
}

/**
 * Whose a unit is: the stack as hosts know it, the resource's name, and a digest of its name and types, since one name may
 * be under several parents. The same on every machine, and another one after a rename or a move.
 */
export function ownerWords(
    { project, stack }: StackIdentity,
    parentUrn: string,
    resource: string,
): string {
    const [, , types = ""] = parentUrn.split("::");
    const plain = resource.replace(/[^A-Za-z0-9_.@+-]+/g, "-");
    return `${project}/${stack} ${plain} ${hexDigest(8, "owner", types, resource)}`;
}

/** Tells machines apart that several labs or environments call by one name. */
export function machineTag(login: { host: string; port?: number; hostKey?: string }): string {
    const parts = [login.host, String(login.port ?? 22), login.hostKey ?? ""];
    return hexDigest(8, "machine", ...parts);
}

/** A whole number in [from, to], the same for the same parts on every machine and for ever. */
export function derivedNumber(from: number, to: number, ...parts: string[]): number {
    return from + (digest(...parts).readUIntBE(0, 6) % (to - from + 1));
}

/** A locally administered MAC: role, 16 bits of the component's identity, 16 bits for the host. */
export function macAddress(
    role: number,
    identity: StackIdentity,
    component: string,
    hostId: number,
): string {
    const own = digest("mac", identity.project, identity.stack, component);
    const bytes = [0x02, role, own.readUInt8(0), own.readUInt8(1), hostId >> 8, hostId & 0xff];
    return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
